//! Rows and templates that try to confuse, to loop or to grow.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use vlm_processor::{
    ChatTemplate, Content, GenerationPrompt, Grid, Message, Part, Patches, Role, Row, RowProblem, RowVisuals,
    SpanEnd, TemplateError, TextProcessor, Token, VisionIds,
};

fn processor() -> TextProcessor {
    let models = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../data-fixtures/models");
    TextProcessor::from_dir(&models.join("text-qwen2_5_vl-nested")).expect("folder")
}

fn row(messages: Vec<Message>) -> Row {
    Row {
        id: "r7".into(),
        messages,
        images: vec![],
        videos: vec![],
        fps: None,
        completion: None,
        completion_ids: None,
    }
}

fn user(parts: Vec<Part>) -> Message {
    Message { role: Role::User, content: Content::Parts(parts) }
}

fn patches(t: usize, h: usize, w: usize) -> Patches {
    Patches { grid: Grid { t, h, w }, values: Vec::new() }
}

fn images(grids: &[(usize, usize, usize)]) -> RowVisuals {
    let mut visuals = RowVisuals::default();
    grids.iter().for_each(|&(t, h, w)| visuals.push_image(patches(t, h, w)));
    visuals
}

fn render(source: &str) -> Result<String, TemplateError> {
    let messages = [Message::text(Role::User, "hi")];
    ChatTemplate::compile(source)?.render(&messages, GenerationPrompt::Append, VisionIds::Plain)
}

#[test]
fn templates_that_loop_recurse_or_grow_are_stopped_quickly() {
    let nested = "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}x{% endfor %}{% endfor %}{% endfor %}";
    let bombs = [
        nested.to_owned(),
        "{% for a in range(1000000000) %}{% endfor %}".to_owned(),
        "{{ range(0, 9000000000000000000, 1) | list }}".to_owned(),
        "{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}".to_owned(),
        "{{ 'a' * 90000000 }}".to_owned(),
        "{{ 'a' * 9000000000 }}".to_owned(),
        "{% include 'chat' %}".to_owned(),
        "{% extends 'chat' %}".to_owned(),
        format!("{{{{ {} 1 {} }}}}", "(".repeat(50_000), ")".repeat(50_000)),
        format!("{{{{ {} }}}}", "[".repeat(5_000)),
    ];
    for source in bombs {
        let start = Instant::now();
        let error = render(&source).expect_err("a bomb");
        let shown: String = source.chars().take(60).collect();
        assert!(start.elapsed() < Duration::from_secs(5), "{shown}: {:?}", start.elapsed());
        assert!(!error.to_string().is_empty());
    }
    assert!(matches!(render(nested), Err(TemplateError::OutOfFuel { .. })));
    assert!(matches!(render("{{ 'a' * 90000000 }}"), Err(TemplateError::OutputTooLong { .. })));
}

#[test]
fn a_template_longer_than_the_limit_is_not_compiled() {
    let error = ChatTemplate::compile(&"x".repeat(300_000)).err().expect("too long");
    assert_eq!(error, TemplateError::SourceTooLong { found: 300_000, limit: 262_144 });
}

#[test]
fn a_template_reaches_nothing_outside_its_conversation() {
    for source in [
        "{% include 'config.json' %}",
        "{% import '/etc/passwd' as x %}",
        "{{ open('x') }}",
        "{{ strftime_now('%Y') }}",
    ] {
        assert!(render(source).is_err(), "{source}");
    }
    assert_eq!(render("{{ messages.__class__ }}{{ ''.__init__ }}").expect("renders"), "");
    assert_eq!(
        render("{% if strftime_now is defined %}now{% else %}never{% endif %}").expect("renders"),
        "never"
    );
}

#[test]
fn a_template_that_refuses_a_conversation_is_quoted() {
    let error = render("{{ raise_exception('roles must alternate') }}").expect_err("refused");
    assert_eq!(error, TemplateError::Refused("roles must alternate".into()));
}

#[test]
fn a_placeholder_written_in_text_is_named_and_not_taken_for_an_image() {
    let row = row(vec![user(vec![Part::Image, Part::Text("what is <|image_pad|>?".into())])]);
    let error = processor().assemble(&row, images(&[(1, 4, 4)])).expect_err("one too many");
    assert!(matches!(*error.problem, RowProblem::PlaceholderCount { found: 2, expected: 1, .. }));
    let text = error.to_string();
    for part in ["row \"r7\"", "found 2 image placeholders", "expected 1", "<|image_pad|>"] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn grids_that_cannot_be_merged_are_refused() {
    for grid in [(0, 4, 4), (1, 3, 4), (1, 4, 0), (usize::MAX, usize::MAX - 1, 2), (1, 4, usize::MAX - 1)] {
        let row = row(vec![user(vec![Part::Image])]);
        assert!(processor().assemble(&row, images(&[grid])).is_err(), "{grid:?}");
    }
}

#[test]
fn a_prompt_over_the_token_limit_is_refused_before_it_is_built() {
    let row = row(vec![user(vec![Part::Image])]);
    let error = processor().assemble(&row, images(&[(1, 20_000, 20_000)])).expect_err("too long");
    assert!(matches!(*error.problem, RowProblem::PromptTooLong { .. }), "{error}");
}

#[test]
fn rows_without_messages_or_with_too_many_are_refused() {
    let none = processor().assemble(&row(vec![]), RowVisuals::default()).expect_err("empty");
    assert!(matches!(*none.problem, RowProblem::NoMessages));
    let many = row(vec![Message::text(Role::User, "x"); 1025]);
    let error = processor().assemble(&many, RowVisuals::default()).expect_err("too many");
    assert!(matches!(*error.problem, RowProblem::TooManyMessages { found: 1025, .. }));
}

#[test]
fn a_template_that_rewrites_earlier_turns_gives_no_labels() {
    let dir = tempfile::tempdir().expect("folder");
    let models =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../data-fixtures/models/text-qwen2_5_vl-nested");
    for file in ["config.json", "tokenizer.json", "tokenizer_config.json"] {
        std::fs::copy(models.join(file), dir.path().join(file)).expect("copied");
    }
    let source = "{% for m in messages %}{% if loop.last or m.role == 'user' %}[{{ m.role }}]{{ m.content }}{% endif %}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}";
    std::fs::write(dir.path().join("chat_template.jinja"), source).expect("written");
    let turn = |role, text: &str| Message::text(role, text);
    let chat = vec![
        turn(Role::User, "a"),
        turn(Role::Assistant, "b"),
        turn(Role::User, "c"),
        turn(Role::Assistant, "d"),
    ];
    let error = TextProcessor::from_dir(dir.path())
        .expect("folder")
        .assemble_labelled(&row(chat), RowVisuals::default(), SpanEnd::WholeTurn)
        .expect_err("unstable");
    assert!(matches!(*error.problem, RowProblem::UnstableTemplate { message: 1 }), "{error}");
}

#[test]
fn label_spans_end_where_asked_and_move_with_the_images_before_them() {
    let processor = processor();
    let chat = vec![user(vec![Part::Image]), Message::text(Role::Assistant, "cat")];
    let label = |end| {
        let labelled =
            processor.assemble_labelled(&row(chat.clone()), images(&[(1, 8, 8)]), end).expect("labels");
        let ids = labelled.prompt.ids[labelled.spans[0].clone()].to_vec();
        processor.decode(&ids, vlm_processor::SpecialTokens::Keep).expect("decodes")
    };
    assert_eq!(label(SpanEnd::WholeTurn), "cat<|im_end|>\n");
    assert_eq!(label(SpanEnd::EndToken), "cat<|im_end|>");
}

#[test]
fn completions_are_taken_as_text_or_as_ids_but_not_both() {
    let processor = processor();
    let mut row = row(vec![Message::text(Role::User, "hi")]);
    assert_eq!(processor.prepare_completion(&row).expect("fine"), None);
    row.completion = Some("A.<|im_end|>".into());
    let ids = processor.prepare_completion(&row).expect("fine").expect("ids");
    assert_eq!(ids.last(), processor.special().eos.first());
    row.completion_ids = Some(vec![511]);
    assert!(matches!(
        *processor.prepare_completion(&row).expect_err("two").problem,
        RowProblem::TwoCompletions
    ));
    row.completion = None;
    assert_eq!(processor.prepare_completion(&row).expect("fine"), Some(vec![511]));
    row.completion_ids = Some(vec![5, 512]);
    let text = processor.prepare_completion(&row).expect_err("outside").to_string();
    assert!(text.contains("completion_ids[1]: found 512"), "{text}");
}

#[test]
fn very_long_words_and_runs_of_blanks_encode_in_time_and_decode_to_themselves() {
    let processor = processor();
    for text in [
        "a".repeat(200_000),
        " ".repeat(200_000),
        "\n".repeat(100_000),
        "😀".repeat(50_000),
        "'".repeat(100_000),
    ] {
        let start = Instant::now();
        let ids = processor.tokenizer().encode(&text).expect("encodes");
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
        assert_eq!(processor.decode(&ids, vlm_processor::SpecialTokens::Keep).expect("decodes"), text);
    }
}

fn parts() -> impl Strategy<Value = Vec<Part>> {
    let text = prop_oneof![
        any::<String>(),
        "(<\\|im_(start|end)\\|>|assistant|<\\|(image|video)_pad\\|>|\\PC|\n){0,8}"
    ];
    let part = prop_oneof![Just(Part::Image), Just(Part::Video), text.prop_map(Part::Text)];
    prop::collection::vec(part, 0..6)
}

fn messages() -> impl Strategy<Value = Vec<Message>> {
    let role = prop_oneof![
        Just(Role::System),
        Just(Role::User),
        Just(Role::Assistant),
        any::<String>().prop_map(Role::Other)
    ];
    let content = prop_oneof![any::<String>().prop_map(Content::Text), parts().prop_map(Content::Parts)];
    prop::collection::vec((role, content).prop_map(|(role, content)| Message { role, content }), 0..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_conversation_gives_a_consistent_prompt_or_an_error(messages in messages(), side in 1_usize..4) {
        thread_local!(static PROCESSOR: TextProcessor = processor());
        let count = |kind: &Part| messages.iter().flat_map(Message::parts).filter(|p| *p == kind).count();
        let mut visuals = images(&vec![(1, 2 * side, 4); count(&Part::Image)]);
        (0..count(&Part::Video)).for_each(|_| visuals.push_video(patches(3, 2, 2 * side), 0.7));
        let row = row(messages);
        PROCESSOR.with(|processor| {
            let labelled = processor.assemble_labelled(&row, visuals.clone(), SpanEnd::WholeTurn);
            if let Ok(labelled) = labelled {
                let length = labelled.prompt.ids.len();
                assert!(labelled.spans.iter().all(|s| s.start < s.end && s.end <= length));
            }
            let Ok(prompt) = processor.assemble(&row, visuals) else { return };
            assert_eq!(prompt.tokens.len(), prompt.ids.len());
            assert_eq!(prompt.tokens.len(), prompt.positions.len());
            prompt.check_features(2).expect("tokens match features");
            let largest = prompt.positions.iter().flatten().max().expect("a prompt is never empty");
            assert_eq!(prompt.generated_position(0), [largest + 1; 3]);
            for (token, id) in prompt.tokens.iter().zip(&prompt.ids) {
                let special = processor.special();
                match token {
                    Token::Text(text) => assert!(text == id && *id != special.image && *id != special.video),
                    Token::Vision { .. } => assert!(*id == special.image || *id == special.video),
                }
            }
        });
    }
}
