//! The vote table of Logic-V: three personas vote, rules decide, doubtful cases go to an arbiter.

/// Letters that the personas voted for, in the order they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Votes {
    /// Votes of the generalist.
    pub generalist: Vec<char>,
    /// Votes of the navigator.
    pub navigator: Vec<char>,
    /// Votes of the observer.
    pub observer: Vec<char>,
}

/// What the table says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A rule decided; its number is 1 to 10.
    Rule(char, u8),
    /// An arbiter must choose between the generalist's letter (first) and another.
    Escalate(char, char, Escalation),
    /// No rule fired and nobody challenges the generalist.
    Generalist(char),
    /// The generalist has no vote: the majority of the others, if there is one.
    Majority(Option<char>),
}

/// Which comparison sent a case to the arbiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escalation {
    /// Navigator against observer, the generalist being unsure.
    A,
    /// Generalist against both others, who agree.
    B,
    /// Generalist against navigator.
    C,
    /// Generalist against observer.
    D,
}

/// The top letter of a persona and its votes. A missing letter never equals anything.
#[derive(Clone, Copy)]
struct Top {
    letter: Option<char>,
    count: usize,
}

impl Top {
    fn same(self, other: Self) -> bool {
        self.letter.is_some() && self.letter == other.letter
    }

    fn differs(self, other: Self) -> bool {
        self.letter.is_some() && other.letter.is_some() && self.letter != other.letter
    }
}

struct Table {
    g: Top,
    n: Top,
    o: Top,
    /// Letters with their totals, the largest first, ties in order of appearance.
    totals: Vec<(char, usize)>,
}

/// Applies the ten rules, then looks for a challenger. Thresholds are counts meant for five votes per persona.
///
/// ```
/// use rewards::{Decision, Votes, route};
/// let votes = |text: &str| text.chars().collect::<Vec<_>>();
/// let all = Votes { generalist: votes("AAABC"), navigator: votes("BBBBB"), observer: votes("BBBBB") };
/// assert_eq!(route(&all), Decision::Rule('B', 1));
/// ```
pub fn route(votes: &Votes) -> Decision {
    let table = Table::new(votes);
    let Some(g) = table.g.letter else { return Decision::Majority(majority(votes)) };
    table.rule().or_else(|| table.tie_break()).unwrap_or_else(|| table.challenge(g))
}

fn counts(votes: impl Iterator<Item = char>) -> Vec<(char, usize)> {
    let mut counts: Vec<(char, usize)> = Vec::new();
    for letter in votes {
        match counts.iter_mut().find(|(seen, _)| *seen == letter) {
            Some((_, count)) => *count += 1,
            None => counts.push((letter, 1)),
        }
    }
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

fn top(votes: &[char]) -> Top {
    let first = counts(votes.iter().copied()).first().copied();
    Top { letter: first.map(|(letter, _)| letter), count: first.map_or(0, |(_, count)| count) }
}

fn majority(votes: &Votes) -> Option<char> {
    let others = votes.navigator.iter().chain(&votes.observer).copied();
    counts(others).first().map(|(letter, _)| *letter)
}

impl Table {
    fn new(votes: &Votes) -> Self {
        let all = votes.generalist.iter().chain(&votes.navigator).chain(&votes.observer).copied();
        Self {
            g: top(&votes.generalist),
            n: top(&votes.navigator),
            o: top(&votes.observer),
            totals: counts(all),
        }
    }

    fn lead(&self) -> usize {
        let total = |rank: usize| self.totals.get(rank).map_or(0, |(_, count)| *count);
        total(0) - total(1)
    }

    fn leads(&self, top: Top) -> bool {
        top.letter.is_some() && top.letter == self.totals.first().map(|(letter, _)| *letter)
    }

    fn has_maximum(&self, top: Top) -> bool {
        let total =
            |letter| self.totals.iter().find(|(seen, _)| Some(*seen) == letter).map(|(_, count)| *count);
        top.letter.is_some() && total(top.letter) == self.totals.first().map(|(_, count)| *count)
    }

    /// Rules 1 to 9.
    fn rule(&self) -> Option<Decision> {
        let (g, n, o) = (self.g, self.n, self.o);
        let rules = [
            (n.same(o) && n.count + o.count > 9, n),
            (n.count >= 5 && g.count <= 3 && o.count <= 3, n),
            (g.count <= 2 && n.count >= 4 && n.differs(g) && o.count < 4, n),
            (g.same(n) && g.count + n.count > 6 && o.count < 3, g),
            (g.same(o) && g.count + o.count > 7 && n.count <= 2, g),
            (g.count >= 5 && self.leads(g) && self.lead() > 1, g),
            (g.count == 4 && !(n.differs(g) && n.count >= 3) && !(o.differs(g) && o.count >= 4), g),
            (
                o.count >= 4
                    && self.has_maximum(o)
                    && o.differs(g)
                    && !(n.differs(o) && n.count >= 3)
                    && g.count <= 2,
                o,
            ),
            (g.same(n) && g.count + n.count >= 7 && o.count <= 3, g),
        ];
        let fired = rules.iter().zip(1..).find(|((holds, _), _)| *holds);
        fired.and_then(|((_, winner), number)| winner.letter.map(|letter| Decision::Rule(letter, number)))
    }

    /// Rule 10: a lead of one vote.
    fn tie_break(&self) -> Option<Decision> {
        if self.totals.len() < 2 || self.lead() != 1 {
            return None;
        }
        let trusted = self.leads(self.n)
            || (self.leads(self.o) && self.n.count < 3)
            || (self.leads(self.g) && self.n.count < 3);
        trusted.then(|| Decision::Rule(self.totals[0].0, 10))
    }

    fn challenge(&self, generalist: char) -> Decision {
        let (g, n, o) = (self.g, self.n, self.o);
        if let (Some(first), Some(second)) = (n.letter, o.letter)
            && g.count <= 2
            && n.differs(o)
            && n.count >= 3
            && o.count >= 3
        {
            return Decision::Escalate(first, second, Escalation::A);
        }
        let against = |challenger: Top, way| {
            challenger.letter.map(|letter| Decision::Escalate(generalist, letter, way))
        };
        let found = if n.same(o) && n.differs(g) {
            against(n, Escalation::B)
        } else if n.differs(g) {
            // A navigator who differs keeps the observer out, even with too few votes to be heard.
            against(n, Escalation::C).filter(|_| n.count >= if g.count >= 4 { 3 } else { 2 })
        } else if o.differs(g) {
            against(o, Escalation::D).filter(|_| o.count >= if g.count >= 3 { 4 } else { 3 })
        } else {
            None
        };
        found.unwrap_or(Decision::Generalist(generalist))
    }
}
