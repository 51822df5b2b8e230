//! Text to token ids and back, as transformers does it for the same folder.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use serde_json::Value;
use tokenizers::{AddedToken, Encoding};

use crate::model_file::JsonFile;
use crate::row_error::RowProblem;
use crate::text_error::ProcessorError;
use crate::text_limits::{MAX_CONFIG_BYTES, MAX_TOKENIZER_BYTES, MAX_VOCAB};
use crate::tokenizer_file::{check_added_ids, check_and_clean};

/// Whether decoding writes special tokens such as `<|im_end|>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpecialTokens {
    /// Write them.
    Keep,
    /// Leave them out.
    Skip,
}

/// Names of the tokens with a role of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenNames {
    pub(crate) eos: String,
    pub(crate) pad: String,
    pub(crate) bos: Option<String>,
    pub(crate) image: String,
    pub(crate) video: String,
    /// Every token that the configuration calls special, whatever `tokenizer.json` says of it.
    pub(crate) all: Vec<String>,
}

/// The tokenizer of a model folder.
pub struct Tokenizer {
    path: PathBuf,
    inner: tokenizers::Tokenizer,
    names: TokenNames,
}

impl Tokenizer {
    /// Reads `tokenizer.json`, and the special tokens that only `tokenizer_config.json` lists.
    pub fn from_dir(dir: &Path) -> Result<Self, ProcessorError> {
        let missing = || ProcessorError::Missing {
            path: dir.join("tokenizer.json"),
            help: "save the tokenizer with a current transformers (vocab.json and merges.txt alone are not read)",
        };
        let mut file = JsonFile::read(dir, "tokenizer.json", MAX_TOKENIZER_BYTES)?.ok_or_else(missing)?;
        let config = JsonFile::read(dir, "tokenizer_config.json", MAX_CONFIG_BYTES)?;
        let declared = check_and_clean(&mut file)?;
        let mut inner = build(&mut file)?;
        check_added_ids(&file.path, &declared, |text| inner.token_to_id(text))?;
        let names = TokenNames::read(config.as_ref())?;
        if let Some(config) = &config {
            add_configured(&mut inner, config)?;
        }
        let special = names.all.iter().map(|text| AddedToken::from(text.as_str(), true)).collect();
        add(&mut inner, special, &file.path)?;
        if inner.get_vocab_size(true) > MAX_VOCAB {
            let reason = format!("found more than {MAX_VOCAB} entries");
            return Err(ProcessorError::Tokenizer { path: file.path, reason });
        }
        Ok(Self { path: file.path, inner, names })
    }

    /// Token ids of `text`; special tokens written in it count as special. Adds what the folder's
    /// post-processor adds (nothing, as published).
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, RowProblem> {
        let encoding = guarded(|| self.inner.encode_fast(text, true))?;
        Ok(encoding.get_ids().to_vec())
    }

    /// Token ids of a continuation of earlier text: like [`Self::encode`], and nothing is added.
    pub fn encode_continuation(&self, text: &str) -> Result<Vec<u32>, RowProblem> {
        let encoding = guarded(|| self.inner.encode_fast(text, false))?;
        Ok(encoding.get_ids().to_vec())
    }

    /// Ids together with the bytes of `text` that each token covers.
    pub(crate) fn encode_with_offsets(&self, text: &str) -> Result<Encoding, RowProblem> {
        guarded(|| self.inner.encode(text, true))
    }

    /// The text of `ids`. Ids outside the vocabulary write nothing, bytes that are no UTF-8 become U+FFFD.
    pub fn decode(&self, ids: &[u32], special: SpecialTokens) -> Result<String, RowProblem> {
        guarded(|| self.inner.decode(ids, special == SpecialTokens::Skip))
    }

    /// The id of a token by its text.
    pub fn token_id(&self, text: &str) -> Option<u32> {
        self.inner.token_to_id(text)
    }

    /// Number of entries, added tokens included. Models often have more rows than this.
    pub fn vocab_size(&self) -> usize {
        self.inner.get_vocab_size(true)
    }

    pub(crate) fn names(&self) -> &TokenNames {
        &self.names
    }

    /// The id of a token that the processor cannot work without.
    pub(crate) fn required_id(&self, text: &str) -> Result<u32, ProcessorError> {
        self.token_id(text).ok_or_else(|| ProcessorError::Tokenizer {
            path: self.path.clone(),
            reason: format!("found no token {text:?}, expected it among added_tokens"),
        })
    }
}

/// The one boundary where a panic of the dependency becomes an error.
fn guarded<T>(work: impl FnOnce() -> tokenizers::Result<T>) -> Result<T, RowProblem> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(RowProblem::Tokenize { reason: error.to_string() }),
        Err(_) => Err(RowProblem::Tokenize { reason: "the tokenizers library panicked".to_owned() }),
    }
}

/// Builds the dependency's tokenizer out of a checked file, whose contents it takes.
fn build(file: &mut JsonFile) -> Result<tokenizers::Tokenizer, ProcessorError> {
    let value = file.value.take();
    let built = guarded(|| serde_json::from_value(value).map_err(Into::into));
    built.map_err(|e| ProcessorError::Tokenizer { path: file.path.clone(), reason: e.to_string() })
}

impl TokenNames {
    /// Reads the names, with the defaults of the Qwen2 tokenizer class.
    fn read(config: Option<&JsonFile>) -> Result<Self, ProcessorError> {
        let name = |key: &str| config.map_or(Ok(None), |config| token_name(config, key));
        let or = |name: Option<String>, default: &str| name.unwrap_or_else(|| default.to_owned());
        let mut names = Self {
            eos: or(name("eos_token")?, "<|endoftext|>"),
            pad: or(name("pad_token")?, "<|endoftext|>"),
            bos: name("bos_token")?,
            image: or(name("image_token")?, "<|image_pad|>"),
            video: or(name("video_token")?, "<|video_pad|>"),
            all: Vec::new(),
        };
        names.all = vec![names.eos.clone(), names.pad.clone()];
        names.all.extend(names.bos.clone());
        names.all.extend(name("image_token")?.into_iter().chain(name("video_token")?));
        names.all.extend(config.map_or(Ok(Vec::new()), extra_tokens)?);
        Ok(names)
    }
}

/// A special token is written as its text or as an object with `content`.
fn token_name(config: &JsonFile, key: &str) -> Result<Option<String>, ProcessorError> {
    let Some(value) = config.get(key) else { return Ok(None) };
    let expected = "the text of a token, or an object with \"content\"";
    token_text(value).map(Some).ok_or_else(|| config.wrong(key, value, expected))
}

fn token_text(value: &Value) -> Option<String> {
    let text = value.as_str().or_else(|| value.get("content").and_then(Value::as_str));
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

/// `extra_special_tokens`, or `additional_special_tokens` as older folders call it.
fn extra_tokens(config: &JsonFile) -> Result<Vec<String>, ProcessorError> {
    let Some((field, value)) = config.first(&["extra_special_tokens", "additional_special_tokens"]) else {
        return Ok(Vec::new());
    };
    let tokens: Option<Vec<String>> = match value {
        Value::Array(items) => items.iter().map(token_text).collect(),
        Value::Object(named) => named.values().map(token_text).collect(),
        _ => None,
    };
    tokens.ok_or_else(|| config.wrong(field, value, "a list of tokens"))
}

/// Adds the tokens of `added_tokens_decoder`, each at its declared id. Tokens that `tokenizer.json`
/// has already take the properties written here, as in transformers.
fn add_configured(inner: &mut tokenizers::Tokenizer, config: &JsonFile) -> Result<(), ProcessorError> {
    const FIELD: &str = "added_tokens_decoder";
    let Some(value) = config.get(FIELD) else { return Ok(()) };
    let wrong = || config.wrong(FIELD, value, "an object from token ids to objects with \"content\"");
    let mut tokens: Vec<(u32, AddedToken)> = Vec::new();
    for (id, token) in value.as_object().ok_or_else(wrong)? {
        tokens.push((id.parse().map_err(|_| wrong())?, added_token(token).ok_or_else(wrong)?));
    }
    tokens.sort_by_key(|(id, _)| *id);
    add(inner, tokens.iter().map(|(_, token)| token.clone()).collect(), &config.path)?;
    for (id, token) in tokens {
        let found = inner.token_to_id(&token.content);
        if found != Some(id) {
            let expected = format!("a token at its place in tokenizer.json, which is {}", found.unwrap_or(0));
            return Err(config.wrong(&format!("{FIELD}.{id}"), &Value::from(token.content), &expected));
        }
    }
    Ok(())
}

fn added_token(value: &Value) -> Option<AddedToken> {
    let flag = |key: &str| value.get(key).and_then(Value::as_bool).unwrap_or(false);
    let content = value.get("content")?.as_str().filter(|text| !text.is_empty())?;
    let normalized = value.get("normalized").and_then(Value::as_bool).unwrap_or(!flag("special"));
    Some(
        AddedToken::from(content, flag("special"))
            .single_word(flag("single_word"))
            .lstrip(flag("lstrip"))
            .rstrip(flag("rstrip"))
            .normalized(normalized),
    )
}

fn add(
    inner: &mut tokenizers::Tokenizer,
    tokens: Vec<AddedToken>,
    path: &Path,
) -> Result<(), ProcessorError> {
    let wrong = |e: RowProblem| ProcessorError::Tokenizer { path: path.to_owned(), reason: e.to_string() };
    guarded(|| inner.add_tokens(tokens)).map(drop).map_err(wrong)
}
