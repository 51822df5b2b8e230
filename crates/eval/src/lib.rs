//! Benchmarks, scorers, confidence intervals, result files and the HTML report.
