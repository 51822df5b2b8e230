"""Write model folders with one thing wrong each to data-fixtures/malformed/text/.

usage: text_malformed.py [REPOSITORY_ROOT]

A folder holds only the files that differ from data-fixtures/models/text-qwen2_5_vl-nested, and expected.json:
`remove` lists files of that base that are absent, `fragments` what the error must say.
"""
import copy, json, pathlib, shutil, sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2])
OUT = ROOT / "data-fixtures/malformed/text"
BASE = ROOT / "data-fixtures/models/text-qwen2_5_vl-nested"
CONFIG = json.loads((BASE / "config.json").read_text())

NAMES = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
TINY = {
    "version": "1.0", "truncation": None, "padding": None, "normalizer": {"type": "NFC"},
    "added_tokens": [dict(id=3 + i, content=n, special=True, single_word=False, lstrip=False, rstrip=False, normalized=False)
                     for i, n in enumerate(NAMES)],
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
    "post_processor": None, "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
    "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None,
              "fuse_unk": False, "byte_fallback": False, "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": [["a", "b"]]},
}


def changed(value, path, new):
    value = copy.deepcopy(value)
    place = value
    for key in path[:-1]:
        place = place[key]
    if new is KeyError:
        del place[path[-1]]
    else:
        place[path[-1]] = new
    return value


def case(name, fragments, remove=(), **files):
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file, content in files.items():
        file = file.replace("__", ".")
        folder.joinpath(file).write_text(content if isinstance(content, str) else json.dumps(content) + "\n")
    folder.joinpath("expected.json").write_text(json.dumps({"remove": list(remove), "fragments": fragments}) + "\n")


def config(name, path, new, *fragments):
    case(f"config-{name}", ["config.json", *fragments], config__json=changed(CONFIG, path, new))


def tokenizer(name, path, new, *fragments):
    case(f"tokenizer-{name}", ["tokenizer.json", *fragments], tokenizer__json=changed(TINY, path, new))


def settings(name, field, new, *fragments):
    case(f"settings-{name}", ["tokenizer_config.json", *fragments], tokenizer_config__json={"eos_token": "<|im_end|>", field: new})


def template(name, source, *fragments):
    case(f"template-{name}", ["chat_template.jinja", *fragments], chat_template__jinja=source)


case("config-absent", ["config.json", "no such file"], remove=["config.json"])
case("config-empty", ["config.json", "expected JSON"], config__json="")
case("config-list", ["config.json", "expected an object"], config__json="[1, 2]")
case("config-cut", ["config.json", "EOF"], config__json='{"model_type": "qwen2_vl", ')
config("other-model", ["model_type"], "llama", "model_type", '"llama"', "qwen2_5_vl")
config("no-model", ["model_type"], KeyError, "model_type", "found null")
config("model-number", ["model_type"], 3, "model_type", "expected a string")
config("merge-zero", ["vision_config", "spatial_merge_size"], 0, "spatial_merge_size", "found 0", "from 1 to 16")
config("merge-text", ["vision_config", "spatial_merge_size"], "2", "spatial_merge_size", "a whole number")
config("merge-huge", ["vision_config", "spatial_merge_size"], 10**30, "spatial_merge_size", "a whole number")
config("tempo-negative", ["vision_config", "tokens_per_second"], -1, "tokens_per_second", "found -1", "above 0")
config("tempo-text", ["vision_config", "tokens_per_second"], "fast", "tokens_per_second", '"fast"')
config("vocab-zero", ["text_config", "vocab_size"], 0, "vocab_size", "found 0")
config("vocab-huge", ["text_config", "vocab_size"], 4_000_000_000, "vocab_size", "4194304")
config("image-id-differs", ["image_token_id"], 3, "image_token_id", "found 3", "tokenizer.json gives")
config("image-id-negative", ["image_token_id"], -3, "image_token_id", "a whole number")
case("generation-eos-text", ["generation_config.json", "eos_token_id", "a list of token ids"],
     generation_config__json={"eos_token_id": ["x"]})
case("generation-pad-float", ["generation_config.json", "pad_token_id", "found 1.5"],
     generation_config__json={"pad_token_id": 1.5})

case("tokenizer-absent", ["tokenizer.json", "no such file", "save the tokenizer"], remove=["tokenizer.json"])
case("tokenizer-not-json", ["tokenizer.json", "expected JSON"], tokenizer__json="pickle")
case("tokenizer-deep", ["tokenizer.json", "recursion limit"], tokenizer__json='{"model":' + "[" * 2000)
tokenizer("no-model", ["model"], KeyError, "model.type")
tokenizer("other-model", ["model", "type"], "Unigram", "model.type", '"Unigram"', '"BPE"')
tokenizer("no-vocab", ["model", "vocab"], KeyError, "model.vocab")
tokenizer("empty-vocab", ["model", "vocab"], {}, "model.vocab", "1 to 4194304")
tokenizer("huge-id", ["model", "vocab", "b"], 4294967295, "model.vocab", '"b"', "4294967295")
tokenizer("negative-id", ["model", "vocab", "b"], -1, "model.vocab", "found -1")
tokenizer("same-id", ["model", "vocab", "b"], 0, "model.vocab", "no other token")
tokenizer("merge-one", ["model", "merges"], [["a"]], "model.merges[0]", "two tokens")
tokenizer("merge-text", ["model", "merges"], ["ab"], "model.merges[0]", "two tokens")
tokenizer("merge-unknown", ["model", "merges"], [["a", "z"]], "no tokenizer can be built", "z")
tokenizer("added-empty", ["added_tokens", 0, "content"], "", "added_tokens[0]")
tokenizer("added-moved", ["added_tokens", 0, "id"], 77, "declares id 77")
tokenizer("added-no-id", ["added_tokens", 1, "id"], KeyError, "added_tokens[1]")
case("tokenizer-no-image-pad", ["tokenizer.json", '"<|image_pad|>"'], tokenizer_config__json={"eos_token": "<|im_end|>"},
     tokenizer__json=changed(TINY, ["added_tokens", 5, "content"], "<|other|>"))
tokenizer("bad-regex", ["pre_tokenizer"], {"type": "Split", "pattern": {"Regex": "(["}, "behavior": "Isolated", "invert": False}, "no tokenizer can be built")
tokenizer("bad-normalizer", ["normalizer"], {"type": "Nonsense"}, "no tokenizer can be built")
tokenizer("bad-charsmap", ["normalizer"], {"type": "Precompiled", "precompiled_charsmap": "AAAA"}, "no tokenizer can be built")
tokenizer("bad-version", ["version"], "9.9", "9.9")

settings("eos-number", "eos_token", 5, "eos_token", "found 5", "the text of a token")
settings("added-list", "added_tokens_decoder", [1], "added_tokens_decoder")
settings("added-key", "added_tokens_decoder", {"x": {"content": "y"}}, "added_tokens_decoder")
settings("added-moved", "added_tokens_decoder", {"3": {"content": "<|im_end|>", "special": True}}, "added_tokens_decoder.3")
settings("extra-number", "extra_special_tokens", [1], "extra_special_tokens", "a list of tokens")
case("template-named", ["tokenizer_config.json", "chat_template", "default"], remove=["chat_template.jinja"],
     tokenizer_config__json={"eos_token": "<|im_end|>", "chat_template": [{"name": "rag", "template": "x"}]})
case("template-number", ["chat_template.json", "chat_template", "found 3"], chat_template__json={"chat_template": 3})
template("unclosed", "{% for m in messages %}x", "syntax error", "line 1")
template("not-jinja", "line one\n{{ messages[ }}", "syntax error in line 2")
print(len(list(OUT.iterdir())), "folders")
