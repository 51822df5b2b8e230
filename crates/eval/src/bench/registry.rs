//! Benchmarks by name.

use thiserror::Error;

use super::Benchmark;
use super::choices::VideoChoices;
use super::comt::Comt;
use super::custom::Custom;
use super::cv_bench::CvBench;
use super::grounding::Grounding;
use super::logs::VideoLogs;
use super::maths::Maths;
use super::measures::Measure;
use super::virl::Virl;
use super::vqa::VqaBench;
use super::vsr::Vsr;

type Maker = fn() -> Box<dyn Benchmark>;

/// In the order of the help text.
const BENCHMARKS: [(&str, Maker); 19] = [
    ("vsr", || Box::new(Vsr)),
    ("cv-bench", || Box::new(CvBench)),
    ("okvqa", || Box::new(VqaBench::OK_VQA)),
    ("okvqa-stemmed", || Box::new(VqaBench::OK_VQA_STEMMED)),
    ("vqav2", || Box::new(VqaBench::VQA_V2)),
    ("egoschema", || Box::new(VideoChoices::EGO_SCHEMA)),
    ("egoschema-log", || Box::new(VideoLogs::EGO_SCHEMA)),
    ("urbanvideo", || Box::new(VideoChoices::URBAN_VIDEO)),
    ("urbanvideo-log", || Box::new(VideoLogs::URBAN_VIDEO)),
    ("geometry3k", || Box::new(Maths::GEOMETRY_3K)),
    ("mm_math", || Box::new(Maths::MM_MATH)),
    ("mathverse", || Box::new(Maths::MATH_VERSE)),
    ("comt", || Box::new(Comt)),
    ("virl", || Box::new(Virl)),
    ("grounding", || Box::new(Grounding)),
    ("counting", || Box::new(Measure::COUNTING)),
    ("distance", || Box::new(Measure::DISTANCE)),
    ("custom", || Box::new(Custom::WORDS)),
    ("custom-math", || Box::new(Custom::MATH)),
];

/// No benchmark has this name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("found benchmark {name:?}, expected one of: {known}")]
pub struct UnknownBenchmark {
    /// The name.
    pub name: String,
    /// The names there are.
    pub known: String,
}

/// The benchmark of this name; case, spaces and dashes do not matter.
///
/// # Errors
/// [`UnknownBenchmark`] listing the names.
///
/// ```
/// assert_eq!(eval::benchmark_by_name("CV-Bench")?.name(), "cv-bench");
/// assert!(eval::benchmark_by_name("imagenet").is_err());
/// # Ok::<(), eval::UnknownBenchmark>(())
/// ```
pub fn benchmark_by_name(name: &str) -> Result<Box<dyn Benchmark>, UnknownBenchmark> {
    let plain = |name: &str| name.to_lowercase().replace(['-', '_', ' '], "");
    let found = BENCHMARKS.iter().find(|(known, _)| plain(known) == plain(name));
    found.map(|(_, make)| make()).ok_or_else(|| UnknownBenchmark {
        name: name.to_owned(),
        known: benchmark_names().collect::<Vec<_>>().join(", "),
    })
}

/// All names.
pub fn benchmark_names() -> impl Iterator<Item = &'static str> {
    BENCHMARKS.iter().map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_benchmark_answers_to_its_name_and_has_sound_settings() {
        for name in benchmark_names() {
            let benchmark = benchmark_by_name(&name.to_uppercase()).unwrap();
            assert_eq!(benchmark.name(), name);
            assert!(!benchmark.settings().is_empty());
            assert!(benchmark.settings().iter().all(|setting| setting.check().is_ok()));
        }
    }
}
