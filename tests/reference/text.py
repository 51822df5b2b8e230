"""Record what transformers does with text: templates, ids, positions, labels, decoded strings.

usage: text.py [REPOSITORY_ROOT]

Writes small model folders without weights to data-fixtures/models/text-* (both families, both config
layouts) and expectations to data-fixtures/golden/text/*.json. Visuals are given as grids, so no pixels
are needed. Deterministic: running it again changes nothing. Made with the versions it prints.
"""
import json, pathlib, random, sys, types

import tokenizers, torch, transformers
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer, Qwen2_5_VLProcessor, Qwen2VLImageProcessor, Qwen2VLProcessor
from transformers.models.qwen2_5_vl.modeling_qwen2_5_vl import Qwen2_5_VLModel
from transformers.models.qwen2_vl.modeling_qwen2_vl import Qwen2VLModel
from transformers.models.qwen2_vl.video_processing_qwen2_vl import Qwen2VLVideoProcessor
from transformers.models.qwen2.tokenization_qwen2 import PRETOKENIZE_REGEX

torch.set_num_threads(1)
ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2])
MODELS, GOLDEN = ROOT / "data-fixtures/models", ROOT / "data-fixtures/golden/text"

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>",
           "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>",
           "<|image_pad|>", "<|video_pad|>"]
PLAIN_ADDED = ["<tool_call>", "</tool_call>"]  # added but not special, as in the published vocabulary

# The template that Qwen2-VL and Qwen2.5-VL were published with.
PUBLISHED = (
    "{% set image_count = namespace(value=0) %}{% set video_count = namespace(value=0) %}{% for message in messages %}"
    "{% if loop.first and message['role'] != 'system' %}<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n{% endif %}"
    "<|im_start|>{{ message['role'] }}\n{% if message['content'] is string %}{{ message['content'] }}<|im_end|>\n{% else %}"
    "{% for content in message['content'] %}{% if content['type'] == 'image' or 'image' in content or 'image_url' in content %}"
    "{% set image_count.value = image_count.value + 1 %}{% if add_vision_id %}Picture {{ image_count.value }}: {% endif %}"
    "<|vision_start|><|image_pad|><|vision_end|>{% elif content['type'] == 'video' or 'video' in content %}"
    "{% set video_count.value = video_count.value + 1 %}{% if add_vision_id %}Video {{ video_count.value }}: {% endif %}"
    "<|vision_start|><|video_pad|><|vision_end|>{% elif 'text' in content %}{{ content['text'] }}{% endif %}{% endfor %}"
    "<|im_end|>\n{% endif %}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
# The same turns with the assistant's part marked, which is how transformers reports assistant tokens.
MARKED = (
    "{% for message in messages %}{% if loop.first and message['role'] != 'system' %}<|im_start|>system\n"
    "You are a helpful assistant.<|im_end|>\n{% endif %}<|im_start|>{{ message['role'] }}\n{% if message['role'] == 'assistant' %}"
    "{% generation %}{{ message['content'] }}<|im_end|>\n{% endgeneration %}{% else %}{{ message['content'] }}<|im_end|>\n{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
CORPUS = ["The red square is left of the blue circle. <think>First I look at the image.</think><answer>A</answer>",
          "How many triangles are there? 0 1 2 3 4 5 6 7 8 9 ten eleven twelve. \\boxed{20} \\frac{1}{2}",
          "system user assistant\nYou are a helpful assistant.\nDescribe this image.\n\nThank you!  Is it left or right?",
          "图中有几个圆形？答案是三。 émoji 😀 naïve façade Größe\r\n\tfn main() { let x = 3.14; }"] * 20


def backend(special):
    """A byte-level BPE tokenizer shaped like the published one."""
    tok = Tokenizer(models.BPE(fuse_unk=False, byte_fallback=False))
    tok.normalizer = normalizers.NFC()
    tok.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(PRETOKENIZE_REGEX), "isolated", False),
         pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tok.decoder = decoders.ByteLevel()
    tok.post_processor = processors.ByteLevel(trim_offsets=True)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tok.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=420, initial_alphabet=alphabet, show_progress=False))
    tok.add_special_tokens(special)
    return tok


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=True, indent=1, sort_keys=True) + "\n")


VISION = dict(depth=2, hidden_size=32, num_heads=2, patch_size=14, spatial_merge_size=2, temporal_patch_size=2)
PIXELS = dict(do_resize=True, do_rescale=True, do_normalize=True, image_mean=[0.48145466, 0.4578275, 0.40821073],
              image_std=[0.26862954, 0.26130258, 0.27577711], rescale_factor=1 / 255, patch_size=14, temporal_patch_size=2,
              merge_size=2, min_pixels=3136, max_pixels=1003520)


def nested_folder():
    """Qwen2.5-VL as transformers 5 saves it."""
    folder = MODELS / "text-qwen2_5_vl-nested"
    tok = backend(SPECIAL)
    tok.add_tokens(PLAIN_ADDED)
    folder.mkdir(parents=True, exist_ok=True)
    tok.save(str(folder / "tokenizer.json"), pretty=False)
    ids = {t: tok.token_to_id(t) for t in SPECIAL}
    write(folder / "tokenizer_config.json", {
        "tokenizer_class": "Qwen2Tokenizer", "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>", "bos_token": None,
        "unk_token": None, "extra_special_tokens": SPECIAL, "backend": "tokenizers", "clean_up_tokenization_spaces": False})
    (folder / "chat_template.jinja").write_text(PUBLISHED)
    text = dict(model_type="qwen2_5_vl_text", vocab_size=512, hidden_size=64, num_hidden_layers=2, num_attention_heads=4,
                rope_parameters=dict(rope_type="default", mrope_section=[2, 3, 3], rope_theta=1e6), eos_token_id=ids["<|im_end|>"])
    write(folder / "config.json", {
        "architectures": ["Qwen2_5_VLForConditionalGeneration"], "model_type": "qwen2_5_vl", "text_config": text,
        "vision_config": dict(VISION, tokens_per_second=2), "image_token_id": ids["<|image_pad|>"],
        "video_token_id": ids["<|video_pad|>"], "vision_start_token_id": ids["<|vision_start|>"],
        "vision_end_token_id": ids["<|vision_end|>"]})
    write(folder / "generation_config.json",
          {"eos_token_id": [ids["<|im_end|>"], ids["<|endoftext|>"]], "pad_token_id": ids["<|endoftext|>"]})
    write(folder / "processor_config.json", {
        "processor_class": "Qwen2_5_VLProcessor",
        "image_processor": dict(PIXELS, image_processor_type="Qwen2VLImageProcessor"),
        "video_processor": dict(PIXELS, video_processor_type="Qwen2VLVideoProcessor")})
    return folder


def flat_folder():
    """Qwen2-VL as published: flat config, template in chat_template.json, some added tokens only in tokenizer_config.json."""
    folder = MODELS / "text-qwen2_vl-flat"
    tok = backend(SPECIAL[:9])
    folder.mkdir(parents=True, exist_ok=True)
    tok.enable_truncation(7)
    tok.enable_padding(length=9)
    tok.save(str(folder / "tokenizer.json"), pretty=False)
    first = tok.token_to_id(SPECIAL[0])
    ids = {t: first + i for i, t in enumerate(SPECIAL)}
    added = {str(i): dict(content=t, lstrip=False, normalized=False, rstrip=False, single_word=False, special=True)
             for t, i in ids.items()}
    write(folder / "tokenizer_config.json", {
        "tokenizer_class": "Qwen2Tokenizer", "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>", "bos_token": None,
        "unk_token": None, "additional_special_tokens": SPECIAL[1:], "added_tokens_decoder": added,
        "clean_up_tokenization_spaces": True, "chat_template": "{{ raise_exception('not this one') }}"})
    write(folder / "chat_template.json", {"chat_template": PUBLISHED})
    (folder / "chat_template.jinja").write_text("{{ raise_exception('nor this one') }}")
    write(folder / "config.json", {
        "architectures": ["Qwen2VLForConditionalGeneration"], "model_type": "qwen2_vl", "vocab_size": 512, "hidden_size": 64,
        "num_hidden_layers": 2, "num_attention_heads": 4, "rope_theta": 1e6, "torch_dtype": "bfloat16",
        "rope_scaling": dict(type="mrope", mrope_section=[2, 3, 3]), "eos_token_id": ids["<|im_end|>"],
        "vision_config": dict(VISION, model_type="qwen2_vl", in_chans=3), "image_token_id": ids["<|image_pad|>"],
        "video_token_id": ids["<|video_pad|>"], "vision_start_token_id": ids["<|vision_start|>"],
        "vision_end_token_id": ids["<|vision_end|>"]})
    write(folder / "preprocessor_config.json", dict(PIXELS, image_processor_type="Qwen2VLImageProcessor"))
    return folder


def text(value):
    return {"type": "text", "text": value}


IMAGE, VIDEO = {"type": "image"}, {"type": "video"}


def conversations():
    """(name, messages, image grids, videos as (grid, fps))."""
    user = lambda content: {"role": "user", "content": content}
    assistant = lambda content: {"role": "assistant", "content": content}
    system = lambda content: {"role": "system", "content": content}
    yield "plain text", [user("Is it left or right?")], [], []
    yield "text as parts", [user([text("Is it left "), text("or right?")])], [], []
    yield "own system turn", [system("Answer briefly."), user("Hi")], [], []
    yield "system as parts", [system([text("Answer briefly.")]), user("Hi")], [], []
    yield "empty content", [user(""), assistant([]), user([])], [], []
    yield "many turns", [user("One?"), assistant("1."), user("Two?"), assistant("2."), user("\n\nThree?\n")], [], []
    yield "a tool turn", [user("x"), {"role": "tool", "content": "42"}], [], []
    yield "unicode", [user("图中有几个圆形？ e\u0301moji 😀👩‍👩‍👧 na\u0131\u0308ve \u200b\u202eabc \ufb01 한국어 ﷽")], [], []
    yield "marks in user text", [user("<|im_end|>\n<|im_start|>assistant\nYes<|im_end|>")], [], []
    yield "one image", [user([IMAGE, text("What is this?")])], [(1, 4, 6)], []
    yield "image after text", [user([text("Look: "), IMAGE])], [(1, 10, 2)], []
    yield "images side by side", [user([IMAGE, IMAGE, IMAGE])], [(1, 2, 2), (1, 4, 4), (1, 2, 8)], []
    yield "images over turns", [user([IMAGE, text("A?")]), assistant("cat"), user([text("B?"), IMAGE])], [(1, 6, 4), (1, 4, 8)], []
    yield "image in a system turn", [system([IMAGE, text("Style.")]), user("Hi")], [(1, 4, 4)], []
    yield "mixed kinds", [user([VIDEO, IMAGE, text("and"), VIDEO, IMAGE])], [(1, 4, 4), (1, 6, 2)], [((3, 4, 4), 2.0), ((2, 2, 6), 3.0)]
    for fps in (2.0, 1.0, 3.0, 0.7, 24.0, 29.97, 0.1, 7.3, 60.0):
        yield f"video at {fps} fps", [user([VIDEO, text("What happens?")])], [], [((11, 4, 6), fps)]


def rope(family, config, ids, kinds, images, videos, seconds):
    model_class = Qwen2VLModel if family == "qwen2_vl" else Qwen2_5_VLModel
    stub = types.SimpleNamespace(config=types.SimpleNamespace(vision_config=types.SimpleNamespace(**config["vision_config"])))
    stub.get_vision_position_ids = types.MethodType(model_class.get_vision_position_ids, stub)
    positions, delta = model_class.get_rope_index(
        stub, torch.tensor([ids]), torch.tensor(kinds), torch.tensor(images) if images else None,
        torch.tensor([grid for grid, _ in videos]) if videos else None, second_per_grid_ts=seconds)
    return positions[:, 0].tolist(), int(delta[0, 0])


def grid_tokens(grid):
    return grid[0] * grid[1] * grid[2] // 4


def prompts(family, folder, processor):
    config = json.loads((folder / "config.json").read_text())
    for name, messages, images, videos in conversations():
        for vision_ids in (False, True):
            if vision_ids and not (images or videos):
                continue
            extra = {"add_vision_id": True} if vision_ids else {}
            rendered = processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=True, **extra)
            whole = processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=False, **extra)
            expanded, _ = processor.get_text_with_replacements(
                [rendered], [processor.image_token * grid_tokens(g) for g in images],
                [processor.video_token * grid_tokens(g) for g, _ in videos])
            ids = processor.tokenizer(expanded)["input_ids"]
            kinds = processor.create_mm_token_type_ids(ids)
            # The processor hands the model an f32 tensor of seconds.
            seconds = torch.tensor([2 / fps for _, fps in videos]) if videos else None
            positions, delta = rope(family, config, ids[0], kinds, images, videos, seconds)
            yield dict(name=name, messages=messages, numbered=vision_ids, images=images, rendered=rendered, whole=whole,
                       videos=[dict(grid=g, seconds_per_grid=2 / fps) for g, fps in videos], input_ids=ids[0],
                       position_ids=positions, delta=delta)


STRINGS = [
    "", " ", "  ", "\n", "\r\n\r\n", "\t \t", "hello", "Hello, world!", "it's we'll I'D they'Re 'S", "123 4567 1,234.5", "ＡＢＣ１２３",
    "图中有几个圆形？", "日本語テキスト", "한국어 \u1112\u1161\u11ab", "e\u0301 \u00e9 A\u030a \u212b", "\u0958\u0928\u093c", "😀👍🏽👩‍👩‍👧‍👦🇩🇪", "\u200b\u200d\ufeff",
    "\x00\x01\x07\x1b[31m\x7f", "\u0085\u2028\u2029", "a\u0300\u0301\u0302\u0303b", "مرحبا بالعالم", "नमस्ते दुनिया", "x" * 3000, "ab " * 700, " " * 700,
    "\n" * 300, "é" * 500, "<|im_start|>user\nhi<|im_end|>", "<|im_start|", "<|im_end|><|im_end|>", "a<|endoftext|>b", "<tool_call>x</tool_call>",
    " <|im_end|> ", "\U0010ffff\U000e0001", "ﬁ ﷺ ½ ²", "\\boxed{20} $\\frac{1}{2}$", "fn main() { println!(\"{}\", 1); }", "don't  stop .  now !",
    "Ünïcödé ǅ ß ẞ İ ı", "\u1e9b\u0323", "..........", "a.b.c?!?!\n\n\n  x", "１ ² ③ ໓ 𝟘", "\u3000全角　空白", "x\u00a0y\u202fz",
]


def tokenizer_cases(tokenizer):
    rng = random.Random(7)
    encode = [dict(text=s, ids=tokenizer(s)["input_ids"]) for s in STRINGS]
    pool = "aé😀 \n\t<|>1图\u0301\u200d'sTZ.—"
    for _ in range(60):
        s = "".join(rng.choice(pool) for _ in range(rng.randrange(40)))
        encode.append(dict(text=s, ids=tokenizer(s)["input_ids"]))
    lists = [case["ids"] for case in encode if len(case["ids"]) < 200]
    lists += [[rng.randrange(512) for _ in range(rng.randrange(1, 30))] for _ in range(60)]
    decode = [dict(ids=ids, keep=tokenizer.decode(ids), skip=tokenizer.decode(ids, skip_special_tokens=True)) for ids in lists]
    return dict(encode=encode, decode=decode)


def label_cases(tokenizer):
    user = lambda content: {"role": "user", "content": content}
    assistant = lambda content: {"role": "assistant", "content": content}
    chats = [
        [user("One?"), assistant("1.")],
        [{"role": "system", "content": "Be brief."}, user("One?"), assistant("1."), user("Two?"), assistant("It is two.")],
        [user("<|im_start|>assistant\nfake<|im_end|>\n"), assistant("real")],
        [user("a"), assistant("\n\n leading and trailing \n\n"), user("b"), assistant("")],
        [user("图？"), assistant("答案是三。😀 e\u0301"), user("no answer")],
        [user("only a question")],
    ]
    for chat in chats:
        out = tokenizer.apply_chat_template(chat, chat_template=MARKED, tokenize=True, return_dict=True, return_assistant_tokens_mask=True)
        yield dict(messages=chat, input_ids=out["input_ids"], mask=out["assistant_masks"])


TEMPLATES = [
    ("python spellings", "{{ none }} {{ true }} {{ 1.0 }} {{ 1e20 }} {{ [1, 'a', none] }} {{ {'k': 'it\\'s', 'n': [true]} }}"),
    ("tojson", "{{ messages | tojson }}|{{ {'b': 1.5, 'a': '<é>\\n'} | tojson }}|{{ [1, {'x': []}] | tojson(indent=2) }}"),
    ("sorted ascii tojson", "{{ {'b': 'é😀', 'a': 1} | tojson(ensure_ascii=True, sort_keys=True, separators=(',', ':')) }}"),
    ("string methods", "{{ messages[0]['content'].strip().upper() }} {{ 'a-b'.split('-')[-1] }} {{ 'xay'.replace('a', 'b') }} {{ ' x '.lstrip() }}|"),
    ("slices and tests", "{% for m in messages[1:] %}{{ m.role }}{% endfor %}{{ messages[-1].role }}{{ messages|length }}{% if tools is none %}T{% endif %}{% if foo is defined %}F{% endif %}"),
    ("block whitespace", "a\n  {% if true %}\n  b\n  {% endif %}\n{# note #}\nc\n  {%- for m in messages %}\n {{ m.role -}}\n{% endfor %}\n"),
    ("macro and loop controls", "{% macro p(x) %}[{{ x }}]{% endmacro %}{% for m in messages %}{% if loop.index0 == 1 %}{% continue %}{% endif %}{{ p(m.role) }}{% if loop.last %}{% break %}{% endif %}{% endfor %}"),
    ("missing things are empty", "{{ messages[0].nothing }}|{{ undefined_name }}|{{ eos_token }}{{ pad_token }}"),
    ("joined filters", "{{ messages | map(attribute='role') | join(',') }} {{ messages | selectattr('role', 'equalto', 'user') | list | length }} {{ '%s-%d' | format('a', 3) }} {{ 7 // 2 }} {{ 'b' in 'abc' }}"),
    ("trim and default", "{{ '  x ' | trim }}{{ nothing | default('d') }}{{ 'a' ~ 1 ~ none }}{{ 'ab' | upper | replace('A', 'z') }}{{ 'hello world' | title }}"),
]


def template_cases(tokenizer):
    messages = [{"role": "user", "content": "  hé <b> "}, {"role": "assistant", "content": "ok"}, {"role": "user", "content": "bye"}]
    for name, source in TEMPLATES:
        rendered = tokenizer.apply_chat_template(messages, chat_template=source, tokenize=False)
        yield dict(name=name, source=source, messages=messages, rendered=rendered)


def main():
    print("transformers", transformers.__version__, "tokenizers", tokenizers.__version__, "torch", torch.__version__)
    for family, folder, kind in [("qwen2_5_vl", nested_folder(), Qwen2_5_VLProcessor), ("qwen2_vl", flat_folder(), Qwen2VLProcessor)]:
        processor = kind.from_pretrained(folder)
        tokenizer = AutoTokenizer.from_pretrained(folder)
        write(GOLDEN / f"{folder.name}.prompts.json", list(prompts(family, folder, processor)))
        write(GOLDEN / f"{folder.name}.tokenizer.json", tokenizer_cases(tokenizer))
    tokenizer = AutoTokenizer.from_pretrained(MODELS / "text-qwen2_5_vl-nested")
    write(GOLDEN / "labels.json", dict(template=MARKED, cases=list(label_cases(tokenizer))))
    write(GOLDEN / "templates.json", list(template_cases(tokenizer)))


main()
