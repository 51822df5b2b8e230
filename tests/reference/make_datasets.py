#!/usr/bin/env python3
"""Writes a few invented rows of every layout that the crate `datasets` reads, in the containers they are published in.

    python tests/reference/make_datasets.py data-fixtures/datasets        (needs pyarrow, datasets, pillow)

Beside the files it writes `expected.json`: for every file what its rows mean, said by hand here and not by any reader.
A turn is [role, text], in which [image] and [video] stand for the parts that show something; images are SHA-256 sums.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import shutil
import tarfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Dataset, Features, Image, Sequence, Value
from reflib.pictures import picture

USER, ASSISTANT = "user", "assistant"


def jpeg(seed: int) -> bytes:
    """A small photograph-like JPEG."""
    out = io.BytesIO()
    picture(32, 24, seed).save(out, "JPEG", quality=70)
    return out.getvalue()


IMAGES = {f"{name}.jpg": jpeg(seed) for seed, name in enumerate(["cup", "dog", "map", "box"], 1)}
URL = "https://pictures.example/boats.jpg"
STORED = hashlib.sha256(URL.encode()).hexdigest() + ".jpg"


def sums(*names: str) -> list[str]:
    """What identifies the pictures of a row."""
    return [hashlib.sha256(IMAGES[name]).hexdigest() for name in names]


def cell(name: str) -> dict:
    """A picture as the hub stores it."""
    return {"bytes": IMAGES[name], "path": name}


class Fixtures:
    """The folder that is written, and what is expected of it."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.expected: list[dict] = []

    def path(self, name: str) -> Path:
        """A place below the folder, with its own folder made."""
        path = self.out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def expect(self, name: str, layout: str, rows: list[dict], **options: str) -> None:
        """Say what the rows of a file mean."""
        self.expected.append({"path": name, "format": layout, "rows": rows, **options})

    def lines(self, name: str, layout: str, rows: list[dict], expected: list[dict], **options: str) -> None:
        """A JSONL file."""
        self.path(name).write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
        self.expect(name, layout, expected, **options)

    def list(self, name: str, layout: str, rows: object, expected: list[dict], **options: str) -> None:
        """A JSON file, indented as people publish it."""
        self.path(name).write_text(json.dumps(rows, ensure_ascii=False, indent=2), "utf-8")
        self.expect(name, layout, expected, **options)

    def parquet(self, name: str, layout: str, rows: list[dict], expected: list[dict], **writer: object) -> None:
        """A parquet file written by pyarrow."""
        pq.write_table(pa.Table.from_pylist(rows), self.path(name), **writer)
        self.expect(name, layout, expected)

    def hub(self, name: str, layout: str, rows: list[dict], features: dict, expected: list[dict]) -> None:
        """A parquet file written by the library datasets."""
        columns = {field: [row[field] for row in rows] for field in features}
        Dataset.from_dict(columns, features=Features(features)).to_parquet(self.path(name))
        self.expect(name, layout, expected)


def instruction(row: str, *turns: list[str], images: list[str] = ()) -> dict:
    return {"kind": "instruction", "id": row, "turns": list(turns), "images": list(images)}


def preference(row: str, prompt: list, chosen: str, rejected: str, images: list[str] = ()) -> dict:
    return {"kind": "preference", "id": row, "turns": prompt, "chosen": [[ASSISTANT, chosen]],
            "rejected": [[ASSISTANT, rejected]], "images": list(images)}


def prompt(row: str, text: str, truth: object, task: str | None = None, images: list[str] = ()) -> dict:
    return {"kind": "RL prompt", "id": row, "turns": [[USER, text]], "truth": truth, "task": task, "images": list(images)}


def choices(row: str, question: str, options: dict, answer: str | None, images: list[str] = (),
            videos: list[str] = ()) -> dict:
    return {"kind": "multiple choice", "id": row, "question": question, "choices": options, "answer": answer,
            "images": list(images), "videos": list(videos)}


def answers(row: str, question: str, answer: str, given: list[str], images: list[str]) -> dict:
    return {"kind": "question and answers", "id": row, "question": question, "answer": answer, "answers": given,
            "images": images}


def conversations(out: Fixtures) -> None:
    """Rows of the trainers' own layouts."""
    parts = [{"type": "image"}, {"type": "text", "text": "What is this?"}]
    out.lines("messages.jsonl", "messages", [
        {"id": "a", "images": ["cup.jpg"], "messages": [{"role": USER, "content": parts},
                                                        {"role": ASSISTANT, "content": "A cup."}]},
        {"id": 2, "messages": [{"role": USER, "content": "Where is the shop?"}], "solution": "B"},
        {"images": ["dog.jpg", "map.jpg"], "messages": [
            {"role": "system", "content": "Kurz, bitte: größer?"},
            {"role": USER, "content": "<image>and <image> differ how?"}, {"role": ASSISTANT, "content": "Sehr."}]},
        {"messages": [{"role": USER, "content": [{"type": "image", "image": "images/box.jpg"}]},
                      {"role": ASSISTANT, "content": [{"type": "text", "text": "A box."}]}]},
        {"images": ["cup.jpg"], "messages": [{"role": USER, "content": "Describe."},
                                             {"role": ASSISTANT, "content": "Round."}]},
    ], [
        instruction("a", [USER, "[image]What is this?"], [ASSISTANT, "A cup."], images=sums("cup.jpg")),
        prompt("2", "Where is the shop?", "B"),
        instruction("line 3", ["system", "Kurz, bitte: größer?"], [USER, "[image]and [image] differ how?"],
                    [ASSISTANT, "Sehr."], images=sums("dog.jpg", "map.jpg")),
        instruction("line 4", [USER, "[image]"], [ASSISTANT, "A box."], images=sums("box.jpg")),
        instruction("line 5", [USER, "[image]Describe."], [ASSISTANT, "Round."], images=sums("cup.jpg")),
    ])
    out.list("sharegpt.json", "sharegpt", [
        {"id": "s1", "image": "cup.jpg", "conversations": [{"from": "human", "value": "<image>\nWhat?"},
                                                           {"from": "gpt", "value": "A cup."}]},
        {"id": "s2", "conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]},
    ], [
        instruction("s1", [USER, "[image]\nWhat?"], [ASSISTANT, "A cup."], images=sums("cup.jpg")),
        instruction("s2", [USER, "Hi"], [ASSISTANT, "Hello"]),
    ])
    out.list("alpaca.json", "alpaca", [
        {"instruction": "Add.", "input": "2 and 3", "output": "5", "system": "Be short.", "history": [["Hi", "Hello"]]},
        {"instruction": "<image>Name it.", "input": "", "output": "dog", "images": ["dog.jpg"]},
    ], [
        instruction("element 0", ["system", "Be short."], [USER, "Hi"], [ASSISTANT, "Hello"], [USER, "Add.\n2 and 3"],
                    [ASSISTANT, "5"]),
        instruction("element 1", [USER, "[image]Name it."], [ASSISTANT, "dog"], images=sums("dog.jpg")),
    ])
    out.lines("query_response.jsonl", "query-response", [{"query": "<image>Colour?", "response": "red",
                                                          "images": [{"path": "images/cup.jpg"}]}],
              [instruction("line 1", [USER, "[image]Colour?"], [ASSISTANT, "red"], images=sums("cup.jpg"))])
    out.parquet("prompt_completion.parquet", "prompt-completion", [
        {"prompt": [{"role": USER, "content": "One?"}], "completion": [{"role": ASSISTANT, "content": "1"}]},
        {"prompt": [{"role": USER, "content": "Two?"}], "completion": [{"role": ASSISTANT, "content": "2"}]},
    ], [instruction("row 0", [USER, "One?"], [ASSISTANT, "1"]), instruction("row 1", [USER, "Two?"], [ASSISTANT, "2"])])
    out.lines("prompt.jsonl", "prompt", [{"prompt": "Count to 3.", "answer": 3}], [prompt("line 1", "Count to 3.", "3")])
    out.parquet("verl.parquet", "verl", [
        {"data_source": "toy/geo", "prompt": [{"role": USER, "content": "<image>How long is AB?"}],
         "images": [{"bytes": IMAGES["map.jpg"]}], "ability": "math",
         "reward_model": {"style": "rule", "ground_truth": "13"}, "extra_info": {"split": "train", "index": 7}},
    ], [prompt("7", "[image]How long is AB?", "13", "math", sums("map.jpg"))])


def preferences(out: Fixtures) -> None:
    """Pairs in every spelling."""
    question = [{"role": USER, "content": "Best fruit?"}]
    good, bad = {"role": ASSISTANT, "content": "Pear."}, {"role": ASSISTANT, "content": "Soap."}
    pair = preference("line 1", [[USER, "Best fruit?"]], "Pear.", "Soap.")
    rows = [{"prompt": question, "chosen": [good], "rejected": [bad]}]
    out.lines("preference.jsonl", "chosen-rejected", rows, [pair])
    out.lines("preference_text.jsonl", "chosen-rejected",
              [{"prompt": "Best fruit?", "chosen": "Pear.", "rejected": "Soap."}], [pair])
    out.lines("preference_implicit.jsonl", "chosen-rejected",
              [{"chosen": [*question, good], "rejected": [*question, bad]}], [pair])
    out.list("preference_sharegpt.json", "chosen-rejected", [
        {"conversations": [{"from": "human", "value": "<image>Which?"}], "images": ["box.jpg"],
         "chosen": {"from": "gpt", "value": "A box."}, "rejected": {"from": "gpt", "value": "A cat."}},
    ], [preference("element 0", [[USER, "[image]Which?"]], "A box.", "A cat.", sums("box.jpg"))])
    out.lines("preference_swift.jsonl", "rejected-response",
              [{"messages": [*question, good], "rejected_response": "Soap."}], [pair])
    text = {"question": "Where is the cup?", "chosen": "On the table.", "rejected": "Under it."}
    features = {"ds_name": Value("string"), "image": Image(), "text": Value("string"), "idx": Value("int64")}
    out.hub("rlhf_v.parquet", "rlhf-v", [
        {"ds_name": "toy", "image": cell("cup.jpg"), "text": json.dumps(text), "idx": 4},
        {"ds_name": "toy", "image": cell("map.jpg"), "text": json.dumps(text), "idx": 5},
    ], features, [preference(row, [[USER, "[image]Where is the cup?"]], "On the table.", "Under it.", sums(name))
                  for row, name in [("4", "cup.jpg"), ("5", "map.jpg")]])
    out.lines("rlhf_v_object.jsonl", "rlhf-v", [{"idx": 4, "image": {"path": "cup.jpg"}, "text": text}],
              [preference("4", [[USER, "[image]Where is the cup?"]], "On the table.", "Under it.", sums("cup.jpg"))])


def spatial(out: Fixtures) -> None:
    """PixMo, SpatialVLM's descendants, VSR, CV-Bench."""
    out.path(f"images/{STORED}").write_bytes(IMAGES["map.jpg"])
    out.parquet("pixmo_cap.parquet", "pixmo-cap", [
        {"image_url": URL, "caption": "Two boats near a pier.", "transcripts": ["two boats"]},
    ], [instruction("row 0", [USER, "[image]Describe this image in detail."], [ASSISTANT, "Two boats near a pier."],
                    images=sums("map.jpg"))])
    pointing = ("[image]Point at every boat in the image. Answer with a JSON list of {\"point_2d\": [x, y]}, in percent "
                "of width and height; the list is empty if there is none.")
    out.parquet("pixmo_points.parquet", "pixmo-points", [
        {"image_url": URL, "image_sha256": "0", "count": 1, "points": [{"x": 10.5, "y": 20.0}], "label": "boat",
         "collection_method": "pointing"},
    ], [prompt("row 0", pointing, "[{\"point_2d\":[10.5,20.0]}]", "pointing", sums("map.jpg"))])
    out.lines("spatial.jsonl", "spatial-qa", [
        {"image": "cup.jpg", "question": "How many cubes?", "answer": "3", "task_type": "counting"},
        {"image": "dog.jpg", "prompt": "How far is the dog?", "response": "2 m"},
        {"image": "dog.jpg", "question": "Is it left?", "answer": 1},
    ], [prompt("line 1", "[image]How many cubes?", "3", "counting", sums("cup.jpg")),
        prompt("line 2", "[image]How far is the dog?", "2 m", "distance", sums("dog.jpg")),
        prompt("line 3", "[image]Is it left?", "1", "spatial", sums("dog.jpg"))])
    statement = "Is the following statement about the image true or false? Statement: \"{}\" Answer with only TRUE or FALSE."
    rows = [("The cat is under the chair.", 1), ("The cup is on it.", 0), ("The dog is left.", True)]
    out.lines("vsr.jsonl", "vsr", [
        {"image": "dog.jpg", "image_link": "http://pictures.example/dog.jpg", "caption": caption, "label": label,
         "relation": "under", "annotator_id": 4, "vote_true_validator_id": "[1, 2]"} for caption, label in rows
    ], [answers(f"line {index}", statement.format(caption), "TRUE" if label else "FALSE", ["TRUE" if label else "FALSE"],
                sums("dog.jpg")) for index, (caption, label) in enumerate(rows, 1)])
    row = {"idx": 1, "type": "2D", "task": "Count", "image": cell("box.jpg"), "question": "How many dogs?",
           "choices": ["1", "2"], "answer": "(B)", "prompt": "How many dogs? (A) 1 (B) 2", "filename": "x.png",
           "source": "COCO", "source_dataset": "toy", "source_filename": "y.jpg", "target_class": None,
           "target_size": None, "bbox": [[0.5, 1.0, 2.0, 3.0]]}
    other = {**row, "idx": 2, "type": "3D", "task": "Depth", "answer": "(A)", "image": cell("cup.jpg"), "source": "Omni3D"}
    pq.write_table(pa.Table.from_pylist([row]), out.path("cvbench/test_2d.parquet"))
    pq.write_table(pa.Table.from_pylist([other]), out.path("cvbench/test_3d.parquet"))
    options = {"A": "1", "B": "2"}
    out.expect("cvbench", "cv-bench", [choices("1", "How many dogs?", options, "B", sums("box.jpg")),
                                       choices("2", "How many dogs?", options, "A", sums("cup.jpg"))])


def maths(out: Fixtures) -> None:
    """Problems whose answers can be verified."""
    features = {"images": Sequence(Image()), "problem": Value("string"), "answer": Value("string")}
    out.hub("geometry3k.parquet", "easyr1", [
        {"images": [cell("map.jpg")], "problem": "<image>Find x.", "answer": "12"},
        {"images": [cell("cup.jpg"), cell("dog.jpg")], "problem": "<image><image>Find y.", "answer": "7"},
        {"images": [], "problem": "Find z.", "answer": "1"},
    ], features, [prompt("row 0", "[image]Find x.", "12", None, sums("map.jpg")),
                  prompt("row 1", "[image][image]Find y.", "7", None, sums("cup.jpg", "dog.jpg")),
                  prompt("row 2", "Find z.", "1")])
    out.lines("maye.jsonl", "maye", [
        {"question": "<image>A ladder leans on a wall. What is its length?", "answer": "13",
         "solution": "\\boxed{13}", "id": "toy_7", "image": "images/map.jpg"},
        {"question": "How tall?", "answer": "5", "solution": "no box", "id": "toy_8", "image": "images/map.jpg"},
    ], [prompt("toy_7", "[image]A ladder leans on a wall. What is its length?", "\\boxed{13}", None, sums("map.jpg")),
        prompt("toy_8", "[image]How tall?", "5", None, sums("map.jpg"))])
    out.lines("mm_math.jsonl", "mm-math", [{"file_name": "map.jpg", "question": "Area?", "solution": "So \\boxed{\\frac{1}{2}}",
                                            "year": "8"}],
              [prompt("line 1", "[image]Area?", "\\frac{1}{2}", None, sums("map.jpg"))])
    out.list("mathverse.json", "mathverse", [
        {"sample_index": "1", "problem_index": "1", "problem_version": "Text Dominant", "question": "Angle?",
         "answer": "30", "question_type": "free-form", "metadata": {"source": "toy"}, "image": "map.jpg"},
    ], [prompt("1", "[image]Angle?", "30", "free-form", sums("map.jpg"))])
    out.parquet("virl39k.parquet", "virl39k", [
        {"question": "<image>How many dots?", "answer": "\\boxed{3}", "PassRate_32BTrained": 0.6, "PassRate_7BBase": 0.3,
         "category": "counting", "source": "demo", "qid": "demo-1", "image": ["images/cup.jpg"]},
    ], [prompt("demo-1", "[image]How many dots?", "3", "counting", sums("cup.jpg"))], compression="zstd")
    boxes = "[{\"bbox_2d\":[10,10,20,20],\"point_2d\":[15,15]}]"
    out.lines("grounding.jsonl", "grounding", [{"problem": "the red cup", "image": "cup.jpg", "solution": boxes}],
              [prompt("line 1", "[image]the red cup", boxes, "grounding", sums("cup.jpg"))])


def plans(out: Fixtures) -> None:
    """CoMT in its two spellings."""
    step = {"kind": "latent plan", "id": "line 1", "question": "How large is angle x?", "images": sums("map.jpg")}
    out.lines("comt.jsonl", "comt", [
        {"text_input": "How large is angle x?", "image_input": ["images/map.jpg"], "original_final_answer": "70°",
         "sequence_plan": [{"type": "text", "content": "I draw a line."}, {"type": "latent", "helper_image": "images/box.jpg"},
                           {"type": "text", "content": "The final answer is: 70°"}]},
    ], [{**step, "steps": ["I draw a line.", sums("box.jpg"), "The final answer is: 70°"], "answer": "70°"}])
    out.lines("comt_pairs.jsonl", "comt-pairs", [
        {"text_input": "How large is angle x?", "image_input": "images/map.jpg", "image_output": "images/box.jpg",
         "text_output": "70°"},
    ], [{**step, "steps": [sums("box.jpg"), "70°"], "answer": None}])


def videos(out: Fixtures) -> None:
    """Questions about videos."""
    options = {"A": "cooking", "B": "reading", "C": "cleaning", "D": "painting", "E": "sewing"}
    spaced = {f"option {index}": text for index, text in enumerate(options.values())}
    ego = {"q_uid": "u-1", "google_drive_id": "x", "question": "What is C doing?", **spaced}
    out.list("egoschema.json", "egoschema", [{**ego, "answer_label": "C"}, {**ego, "q_uid": "u-2", "answer_label": 4}],
             [choices("u-1", "What is C doing?", options, "C", videos=["u-1.mp4"]),
              choices("u-2", "What is C doing?", options, "E", videos=["u-2.mp4"])])
    out.parquet("egoschema.parquet", "egoschema", [
        {"question_idx": "0", "question": "What is C doing?", "video_idx": "v-1",
         "option": [f"{letter}. {text}" for letter, text in options.items()], "answer": "2"},
    ], [choices("0", "What is C doing?", options, "C", videos=["v-1.mp4"])])
    out.list("urbanvideo.json", "urbanvideo", [
        {"Question_id": 6, "video_id": "city_1.mp4", "question_category": "Counterfactual", "answer": "B",
         "question": "Question: Can you reach the shop?\nChoices: A. Yes. \n B. No. ", "scene_name": "city_1"},
    ], [choices("6", "Can you reach the shop?", {"A": "Yes.", "B": "No."}, "B", videos=["city_1.mp4"])])
    log = {"kind": "video log", "id": "u-1", "question": "What is C doing?", "choices": options, "answer": "C",
           "images": []}
    lettered = {f"option_{letter.lower()}": text for letter, text in options.items()}
    out.lines("video_log.jsonl", "video-log", [
        {"id": "u-1", "question": "What is C doing?", "answer": "C", **lettered,
         "vlm_analysis": "[Frame 0] 1. …\n\n[Frame 1] 1. …", "num_frames": 2},
        {"id": "u-1", "question": "What is C doing?", "answer": 2, **spaced, "vlm_analysis": "", "content": ["a", "b"]},
    ], [{**log, "log": "[Frame 0] 1. …\n\n[Frame 1] 1. …"}, {**log, "log": "a\nb"}])
    out.list("mvbench.json", "mvbench", [
        {"video": "clip_7.mp4", "question": "Which way?", "candidates": ["left", "right"], "answer": "right"},
    ], [choices("element 0", "Which way?", {"A": "left", "B": "right"}, "B", videos=["clip_7.mp4"])])
    mme = {"question_id": "001-1", "task_type": "Counting", "question": "How many?", "options": ["A. 1.", "B. 2.", "C. 3."],
           "answer": "B"}
    counted = choices("001-1", "How many?", {"A": "1.", "B": "2.", "C": "3."}, "B", videos=["fFj.mp4"])
    out.parquet("video_mme.parquet", "video-mme", [
        {"video_id": "001", "duration": "short", "domain": "d", "sub_category": "s", "url": "u", "videoID": "fFj", **mme},
    ], [counted])
    out.list("video_mme.json", "video-mme", [{"video_id": "001", "videoID": "fFj", "duration": "short", "questions": [mme]}],
             [counted])


def visual_questions(out: Fixtures) -> None:
    """VQA and captions."""
    name = "COCO_val2014_000000000042.jpg"
    out.path(f"vqa/{name}").write_bytes(IMAGES["dog.jpg"])
    given = ["dog", "puppy", "dog"]
    annotation = {"question_id": 10, "image_id": 42, "question_type": "other", "answer_type": "other", "answers": [
        {"answer": answer, "answer_confidence": "yes", "answer_id": index} for index, answer in enumerate(given, 1)]}
    second = {**annotation, "question_id": 9, "multiple_choice_answer": "puppy"}
    questions = [{"question_id": 10, "image_id": 42, "question": "What animal is this?"},
                 {"question_id": 9, "image_id": 42, "question": "Who?"}]
    out.path("vqa/OpenEnded_mscoco_val2014_questions.json").write_text(json.dumps({"info": {}, "questions": questions}))
    out.path("vqa/mscoco_val2014_annotations.json").write_text(json.dumps({"info": {}, "annotations": [annotation, second]}))
    expected = [answers("9", "Who?", "puppy", given, sums("dog.jpg")),
                answers("10", "What animal is this?", "dog", given, sums("dog.jpg"))]
    out.expect("vqa", "vqa", expected)
    merged = {"annotations": [{**annotation, "question": "What animal is this?"}]}
    out.list("vqav2_mscoco_val2014.json", "vqa", merged, expected[1:], images="vqa")
    features = {"question_id": Value("string"), "image": Image(), "question": Value("string"), "answers": Sequence(Value("string"))}
    out.hub("ok_vqa.parquet", "vqa", [{"question_id": "3", "image": cell("cup.jpg"), "question": "What?", "answers": given}],
            features, [answers("3", "What?", "dog", given, sums("cup.jpg"))])
    out.list("coco_captions.json", "coco-captions", {
        "info": {}, "images": [{"id": 1, "file_name": "cup.jpg"}, {"id": 2, "file_name": "dog.jpg"}],
        "annotations": [{"id": 5, "image_id": 1, "caption": "A cup."}, {"id": 6, "image_id": 1, "caption": "Red cup."}],
    }, [answers("1", "Describe this image.", "A cup.", ["A cup.", "Red cup."], sums("cup.jpg"))])
    out.lines("choices.jsonl", "choices", [
        {"question": "Which?", "choices": ["red", "blue"], "answer": 1, "image": "cup.jpg"},
        {"question": "Which?", "options": ["A. red", "B. blue"], "answer": "A", "image": "cup.jpg"},
        {"question": "Which?", "choices": ["red", "blue"], "answer": "red", "image": "cup.jpg"},
    ], [choices(f"line {index}", "Which?", {"A": "red", "B": "blue"}, answer, sums("cup.jpg"))
        for index, answer in [(1, "B"), (2, "A"), (3, "A")]])


def containers(out: Fixtures) -> None:
    """Image folders, shards and archives."""
    for name in ["cup.jpg", "dog.jpg"]:
        out.path(f"image_folder/{name}").write_bytes(IMAGES[name])
    rows = [{"file_name": "cup.jpg", "text": "A cup."}, {"file_name": "dog.jpg", "text": "A dog."}]
    out.path("image_folder/metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    captions = [("cup.jpg", "A cup."), ("dog.jpg", "A dog.")]
    out.expect("image_folder", "caption", [
        instruction(f"line {line}", [USER, "[image]Describe this image."], [ASSISTANT, text], images=sums(name))
        for line, (name, text) in enumerate(captions, 1)])
    for shard in range(3):
        rows = [{"problem": f"{shard}+{row}", "answer": str(shard + row)} for row in range(2)]
        pq.write_table(pa.Table.from_pylist(rows), out.path(f"shards/data/train-{shard:05}-of-00003.parquet"))
    out.expect("shards", "easyr1", [prompt(f"row {row}", f"{shard}+{row}", str(shard + row))
                                    for shard in range(3) for row in range(2)])
    with tarfile.open(out.path("samples.tar"), "w") as archive:
        for key, name, text in [("000/a", "cup.jpg", "A cup."), ("000/b", "dog.jpg", "A dog.")]:
            add(archive, f"{key}.jpg", IMAGES[name])
            add(archive, f"{key}.txt", text.encode())
    out.expect("samples.tar", "caption", [
        instruction(key, [USER, "[image]Describe this image."], [ASSISTANT, text], images=sums(name))
        for key, (name, text) in zip(["000/a", "000/b"], captions)])
    with tarfile.open(out.path("rows.tar"), "w", format=tarfile.PAX_FORMAT) as archive:
        add(archive, "images/cup.jpg", IMAGES["cup.jpg"])
        line = {"image": "cup.jpg", "question": "Is it red?", "answer": "yes"}
        add(archive, "rows.jsonl", (json.dumps(line) + "\n").encode())
    out.expect("rows.tar", "spatial-qa", [prompt("line 1", "[image]Is it red?", "yes", "spatial", sums("cup.jpg"))])
    rows = [{"id": f"r{index}", "problem": f"Problem {index}: " + "x" * 500, "answer": str(index)} for index in range(700)]
    out.parquet("many_pages.parquet", "easyr1", rows,
                [prompt(row["id"], row["problem"], row["answer"]) for row in rows[::100]], row_group_size=300,
                data_page_size=4096, compression="gzip", use_dictionary=False, write_batch_size=16)
    out.expected[-1]["step"] = 100


def add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    """A member with nothing in it that changes from run to run."""
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    out = Fixtures(parser.parse_args().out)
    shutil.rmtree(out.out, ignore_errors=True)
    for name, content in IMAGES.items():
        out.path(f"images/{name}").write_bytes(content)
    for write in [conversations, preferences, spatial, maths, plans, videos, visual_questions, containers]:
        write(out)
    text = json.dumps(out.expected, ensure_ascii=False, indent=1)
    out.path("expected.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
