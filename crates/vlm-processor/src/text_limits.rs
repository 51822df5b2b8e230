//! Every limit of the text side in one place. They are far above honest inputs and keep hostile ones small.

/// Bytes of `config.json`, `tokenizer_config.json` and the other small JSON files.
pub const MAX_CONFIG_BYTES: u64 = 16 << 20;
/// Bytes of `tokenizer.json`; the published one has 7 million.
pub const MAX_TOKENIZER_BYTES: u64 = 100 << 20;
/// Entries of a vocabulary, added tokens included.
pub const MAX_VOCAB: usize = 4 << 20;
/// Bytes of a chat template's source.
pub const MAX_TEMPLATE_BYTES: usize = 256 << 10;
/// Steps of the template engine for one rendering.
pub const MAX_TEMPLATE_FUEL: u64 = 4_000_000;
/// Nested calls inside a template.
pub const MAX_TEMPLATE_DEPTH: usize = 64;
/// Bytes of one rendered conversation.
pub const MAX_RENDERED_BYTES: usize = 32 << 20;
/// Bytes of one line of a file of rows.
pub const MAX_LINE_BYTES: usize = 16 << 20;
/// Messages of one row.
pub const MAX_MESSAGES: usize = 1024;
/// Tokens of one prompt.
pub const MAX_PROMPT_TOKENS: usize = 128 << 10;
/// Bytes of a file name in a row.
pub const MAX_PATH_BYTES: usize = 4096;
/// Frames of one video.
pub const MAX_FRAMES: usize = 4096;
/// Pixels over all frames of one video, before they are resized.
pub const MAX_CLIP_PIXELS: u64 = 1 << 30;
