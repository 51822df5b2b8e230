//! temporary
use datasets::synth::*;
use trainer::engine::*;
use trainer::session::*;
use recipe::*;
struct Say;
impl Observer for Say {
    fn step(&mut self, r: &trainer::engine::Report) { if r.step % 100 == 0 || r.step == r.steps { println!("{} {:?}", r.step, r.figures.iter().filter(|(k,_)| ["loss","reward","entropy","step_time","tokens","kl","rewards/accuracies","completions/mean_length","sampling/sampling_logp_difference/max","frac_reward_zero_std","rewards/exact_tag/mean"].contains(&k.as_str())).collect::<Vec<_>>()); } }
    fn notice(&mut self, t: &str) { println!("! {t}"); }
    fn evaluated(&mut self, r: &journal::EvalRecord) { println!("EVAL {} {:?} {:?}", r.step, r.metrics, r.wrong.iter().take(3).map(|w| (&w.prompt,&w.completion,&w.expected)).collect::<Vec<_>>()); }
}
fn main() {
    let a: Vec<String> = std::env::args().collect();
    if a[1] == "make" {
        let dir = std::path::Path::new(&a[2]);
        let seed: u64 = a[3].parse().unwrap();
        let g = Generator::new(SceneSettings { colours: vec![Colour::Red, Colour::Blue, Colour::Yellow], ..SceneSettings::small() }, seed).unwrap();
        let steps = [Share::new(Task::Relation, Style::Steps, 1)];
        let mixed = [Share::new(Task::Relation, Style::Steps, 1), Share::new(Task::Relation, Style::Word, 1)];
        let n: u64 = a[4].parse().unwrap();
        std::fs::create_dir_all(dir.join("data")).unwrap();
        for (name, part, n) in [("sft", Part::Training, n), ("pairs", Part::Training, 600), ("prompts", Part::Training, 3000), ("test", Part::HeldOut, 300)] {
            let split = Split::new(name, part, RowKind::Prompt, &steps, n);
            let mut out = String::new();
            std::fs::create_dir_all(dir.join("data/images")).unwrap();
            for i in 0..n {
                let e = g.example(&split, i).unwrap();
                let img = format!("images/{name}_{i}.png");
                std::fs::write(dir.join("data").join(&img), encode_png(&e.scene).unwrap()).unwrap();
                let word = e.answer.split("<answer>").nth(1).unwrap().trim_end_matches("</answer>").to_owned();
                let quick = format!("<answer> {word}</answer>");
                let steps_ = e.answer.replace("<think>", "<think> ").replace("<answer>", "<answer> ");
                let user = serde_json::json!({"role": "user", "content": [{"type": "image"}, {"type": "text", "text": e.question}]});
                let id = format!("{name}_{i}");
                let line = match name {
                    "sft" => serde_json::json!({"id": id, "messages": [user, {"role": "assistant", "content": if i % 10 >= a[5].parse::<u64>().unwrap() { &steps_ } else { &quick }}], "images": [img]}),
                    "pairs" => serde_json::json!({"id": id, "prompt": [user], "chosen": [{"role": "assistant", "content": steps_}], "rejected": [{"role": "assistant", "content": quick}], "images": [img]}),
                    _ => serde_json::json!({"id": id, "prompt": [user], "ground_truth": word, "images": [img]}),
                };
                out += &line.to_string(); out.push('\n');
            }
            std::fs::write(dir.join(format!("data/{name}.jsonl")), out).unwrap();
        }
        let mut texts: Vec<String> = vec!["user assistant red 0 1, blue 2 2, yellow 1 0 left right above below".repeat(50)];
        for i in 0..400 { let e = g.example(&Split::new("sft", Part::Training, RowKind::Instruction, &mixed, n), i).unwrap(); texts.push(e.question.clone()); texts.push(e.answer.replace("<think>", " ").replace("<answer>", " ").replace("</think>", " ").replace("</answer>", " ")); if i < 6 { println!("{} => {} / {}", e.question, e.answer, e.rejected); } }
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        nano::Folder { sizes: nano::Sizes { vocabulary: 512, ..nano::Sizes::DEMO }, texts: &texts, seed }.write(&dir.join("model")).unwrap();
        return;
    }
    let kind = match a[1].as_str() { "sft" => Kind::Sft, "dpo" => Kind::Dpo, "grpo" => Kind::Grpo, _ => Kind::Reinforce };
    let r = Recipe::load(kind, std::path::Path::new(&a[2]), &a[3..]).unwrap_or_else(|e| { println!("{e}"); std::process::exit(1) });
    let t = std::time::Instant::now();
    let s = Session::open(r.clone(), &burn::tensor::Device::flex()).unwrap_or_else(|e| { println!("{e}"); std::process::exit(1) });
    println!("{:?} opened {:?}", s.parameters(), t.elapsed());
    let o = s.train(&StartFrom::Beginning, &mut Say, Stop::new()).unwrap_or_else(|e| { println!("{e}"); std::process::exit(1) });
    println!("{:?} {} {:?}", o.ending, o.steps, t.elapsed());
    if let Some(i) = a.iter().position(|x| x.starts_with("output_dir=")) { let dir = a[i].trim_start_matches("output_dir=").to_owned() + "/model"; vlm_model::weights::save_folder(&o.model.without_adapters(), &r.model.model_name_or_path, std::path::Path::new(&dir)).unwrap(); }
}
