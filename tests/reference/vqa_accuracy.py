"""Writes 500 answer sets with their VQA accuracy: `vqa_accuracy.py OUT.jsonl`.

The rules of the VQA challenge, written down from their published description and not from our own code:
an answer becomes one line, loses or widens its punctuation, gets digits for number words, loses its articles and gets
the apostrophes of its contractions; an annotator agrees when the normal forms are equal; the score of a question is the
mean over annotators of min(1, other annotators who gave the prediction / 3).
Every entry of the rules (120 contractions, 21 signs, 12 number words, 3 articles) is used by at least one set.
"""

import json
import random
import re
import sys

SIGNS = list(";/[]\"{}()=+\\_-><@`,?!")
NUMBERS = dict(zip("none zero one two three four five six seven eight nine ten".split(), "0 0 1 2 3 4 5 6 7 8 9 10".split()))
ARTICLES = ["a", "an", "the"]
REGULAR = """ain't aren't can't could've couldn't didn't doesn't don't hadn't hasn't haven't he'd he's how'd how'll how's I'm I've
isn't it'd it'll ma'am mightn't might've mustn't must've needn't not've o'clock oughtn't shan't should've shouldn't somebody'll
somebody's someone'd someone'll someone's something'd something'll that's there'd there're there's they'd they'll they're they've
'twas wasn't we've weren't what'll what're what's what've when's where'd where's where've who'd who'll who's who've why'll why're
why's won't would've wouldn't y'all you'd you'll you're you've""".split()
OTHERS = """couldn'tve couldn't've|couldnt've couldn't've|hadnt've hadn't've|hadn'tve hadn't've|hed've he'd've|he'dve he'd've
Id've I'd've|I'dve I'd've|itd've it'd've|it'dve it'd've|mightnt've mightn't've|mightn'tve mightn't've|ow's'at 'ow's'at
'ows'at 'ow's'at|'ow'sat 'ow's'at|shed've she'd've|she'dve she'd've|shouldnt've shouldn't've|shouldn'tve shouldn't've
somebody'd somebodyd|somebodyd've somebody'd've|somebody'dve somebody'd've|someoned've someone'd've|someone'dve someone'd've
somethingd've something'd've|something'dve something'd've|thered've there'd've|there'dve there'd've|theyd've they'd've
they'dve they'd've|wed've we'd've|we'dve we'd've|whod've who'd've|who'dve who'd've|wouldnt've wouldn't've
wouldn'tve wouldn't've|yall'll y'all'll|y'allll y'all'll|yall'd've y'all'd've|y'alld've y'all'd've|y'all'dve y'all'd've
youd've you'd've|you'dve you'd've|let's let's|she's she's"""
CONTRACTIONS = {word.replace("'", ""): word for word in REGULAR}
CONTRACTIONS |= dict(pair.split(" ") for line in OTHERS.split("\n") for pair in line.split("|"))
assert len(CONTRACTIONS) == 120, len(CONTRACTIONS)


def one_line(text):
    return text.replace("\n", " ").replace("\t", " ").strip()


def widen(text):
    """Signs beside a blank, or anywhere in a text with grouped digits, go; others become a blank; dots go unless a digit follows."""
    grouped = re.search(r"\d,\d", text, re.ASCII)
    out = text
    for sign in SIGNS:
        if sign in text:
            gone = grouped or sign + " " in text or " " + sign in text
            out = out.replace(sign, "" if gone else " ")
    return re.sub(r"\.(?!\d)", "", out, count=32, flags=re.ASCII)


def words(text):
    kept = []
    for word in text.lower().split():
        word = NUMBERS.get(word, word)
        if word not in ARTICLES:
            kept.append(CONTRACTIONS.get(word, word))
    return " ".join(kept)


def normal(text):
    return words(widen(one_line(text)))


def accuracy(prediction, answers, rule):
    form = normal
    if rule == "when-they-differ" and len({one_line(a) for a in answers}) == 1:
        form = one_line
    said, given = form(prediction), [form(a) for a in answers]
    others = [sum(g == said for j, g in enumerate(given) if j != i) for i in range(len(given))]
    return sum(min(1, n / 3) for n in others) / len(others)


def spellings(rng, key, value):
    """Answers that a rule makes equal, and some that it does not."""
    forms = [key, value, key.capitalize(), f"the {key}", f"{key}.", f"{value}!", f"{key}\n", value.upper()]
    return rng.choice(forms)


def sets():
    rng = random.Random(20261121)
    pairs = list(CONTRACTIONS.items()) + list(NUMBERS.items())
    pairs += [(f"black{s}white", "black white") for s in SIGNS] + [(f"black {s} white", "black white") for s in SIGNS]
    pairs += [("1,000", "1000"), ("10,000 dollars", "10000 dollars"), ("3.5", "3.5"), ("p.m.", "pm"), ("U.S.A.", "usa"), ("10:30", "10:30"),
              ("half-way", "half way"), ("a cat, the dog", "cat dog"), ("." * 40, "........"), ("", "none"), ("été", "été"), ("３", "3")]
    pairs += [(f"{article} dog", "dog") for article in ARTICLES]
    while len(pairs) < 500:
        key, value = rng.choice(pairs[:200])
        pairs.append((f"{key} {rng.choice(['dog', 'cat,', 'two', 'an'])}", f"{value} {rng.choice(['dog', 'cat', '2', ''])}"))
    for key, value in pairs[:500]:
        count = rng.choice([10, 10, 10, 10, 1, 2, 3, 5])
        alike = rng.random() < 0.15
        answers = [spellings(rng, key, value) if rng.random() < 0.6 else rng.choice(["dog", "cat", "2 dogs"]) for _ in range(count)]
        if alike:
            answers = [answers[0]] * count
        yield spellings(rng, key, value), answers


def main(out):
    with open(out, "w", encoding="utf-8") as file:
        for prediction, answers in sets():
            row = {"prediction": prediction, "answers": answers}
            row["always"] = round(accuracy(prediction, answers, "always"), 9)
            row["when_they_differ"] = round(accuracy(prediction, answers, "when-they-differ"), 9)
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
