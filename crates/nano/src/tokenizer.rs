//! `tokenizer.json` and its companions.

use crate::bytes::alphabet;
use crate::merges;
use serde_json::{Map, Value, json};

/// Tokens with a role of their own, in the order of their ids.
const SPECIAL: [&str; 8] = [
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|vision_pad|>",
    "<|image_pad|>",
    "<|video_pad|>",
];

/// Marks of an answer's parts: tokens of their own, which are text all the same.
const TAGS: [&str; 4] = ["<think>", "</think>", "<answer>", "</answer>"];

/// Words and digits, each with the space before it; runs of other marks; white space.
const CUT: &str = r" ?\p{L}+| ?\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

/// Turns, and pictures between their marks; no system prompt of its own.
pub(crate) const TEMPLATE: &str = r"{%- macro show(content) -%}
{%- if content is string %}{{ content }}{% else %}{% for part in content %}{% if part.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>{% elif part.type == 'video' %}<|vision_start|><|video_pad|><|vision_end|>{% else %}{{ part.text }}{% endif %}{% endfor %}{% endif -%}
{%- endmacro -%}
{%- for message in messages -%}
{{ '<|im_start|>' + message.role + '\n' }}{{ show(message.content) }}{{ '<|im_end|>\n' }}
{%- endfor -%}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif -%}
";

pub(crate) struct Tokenizer {
    pub json: Value,
    pub vocabulary: usize,
    pub special: Vec<(&'static str, u32)>,
}

impl Tokenizer {
    /// Learns merges from `texts` until there are `most` tokens.
    pub fn learn(texts: &[&str], most: usize) -> Self {
        let merges = merges::learn(texts, most.saturating_sub(256 + SPECIAL.len() + TAGS.len()));
        let bytes = alphabet();
        let pieces = bytes.iter().map(char::to_string).chain(merges.iter().map(|(a, b)| format!("{a}{b}")));
        let mut vocabulary = Map::new();
        for piece in pieces {
            let id = vocabulary.len();
            vocabulary.entry(piece).or_insert_with(|| json!(id));
        }
        let first = vocabulary.len() as u32;
        let special: Vec<(&'static str, u32)> = SPECIAL.into_iter().zip(first..).collect();
        let tags = TAGS.into_iter().zip(first + SPECIAL.len() as u32..);
        let added: Vec<Value> = special
            .iter()
            .copied()
            .chain(tags)
            .map(|(content, id)| {
                json!({"id": id, "content": content, "special": SPECIAL.contains(&content), "single_word": false,
                       "lstrip": false, "rstrip": false, "normalized": false})
            })
            .collect();
        let merges: Vec<[&String; 2]> = merges.iter().map(|(a, b)| [a, b]).collect();
        let json = json!({
            "version": "1.0", "truncation": null, "padding": null, "added_tokens": added, "normalizer": {"type": "NFC"},
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
                {"type": "Split", "pattern": {"Regex": CUT}, "behavior": "Isolated", "invert": false},
                {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false}]},
            "post_processor": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false},
            "decoder": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false},
            "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": "",
                      "end_of_word_suffix": "", "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
                      "vocab": vocabulary, "merges": merges}
        });
        Self { json, vocabulary: first as usize + SPECIAL.len() + TAGS.len(), special }
    }

    /// `tokenizer_config.json`.
    pub fn config(&self) -> Value {
        json!({"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>",
               "bos_token": null, "unk_token": null, "model_max_length": 32768, "add_prefix_space": false,
               "clean_up_tokenization_spaces": false, "additional_special_tokens": SPECIAL})
    }
}
