//! Several threads and processes on one run, and processes that are killed at work: 25 of them, or as many as
//! `ANNEAL_KILLS` says.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are the helpers of tests")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use checkpoint::{LockError, RealFs, RunLock, StepMeta, Store};

/// Set for a process of this test's own: the run it works on.
const ROLE: &str = "CHECKPOINT_TEST_RUN";

/// Runs one test of this file again, as a process that is told which run to work on.
fn again(test: &str, run: &Path) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(ROLE, run)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap());
    (child, lines)
}

fn wait_for(lines: &mut BufReader<ChildStdout>, word: &str) -> String {
    let mut line = String::new();
    while lines.read_line(&mut line).unwrap() > 0 {
        if line.starts_with(word) {
            return line;
        }
        line.clear();
    }
    panic!("the other process ended before it said {word:?}");
}

#[test]
fn of_many_threads_one_gets_the_run_and_the_others_learn_who() {
    let folder = tempfile::tempdir().unwrap();
    let (threads, rounds) = (8, 25);
    let holding = AtomicUsize::new(0);
    let barrier = Barrier::new(threads);
    let won: usize = thread::scope(|scope| {
        let race = || {
            let mut won = 0;
            for _ in 0..rounds {
                barrier.wait();
                match RunLock::acquire(folder.path()) {
                    Ok(_lock) => {
                        assert_eq!(holding.fetch_add(1, Ordering::SeqCst), 0, "two hold the run");
                        thread::sleep(Duration::from_millis(1));
                        holding.fetch_sub(1, Ordering::SeqCst);
                        won += 1;
                    }
                    Err(LockError::Held { holder, .. }) => {
                        assert!(holder.is_none_or(|holder| holder.pid == process::id()));
                    }
                    Err(other) => panic!("{other}"),
                }
            }
            won
        };
        let racers: Vec<_> = (0..threads).map(|_| scope.spawn(race)).collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).sum()
    });
    assert!(won >= rounds, "{won}");
}

#[test]
fn a_second_process_is_refused_with_the_number_of_the_first_until_that_is_killed() {
    let name = "a_second_process_is_refused_with_the_number_of_the_first_until_that_is_killed";
    if let Some(run) = env::var_os(ROLE) {
        let _lock = RunLock::acquire(run).unwrap();
        println!("\nholding");
        thread::sleep(Duration::from_secs(60));
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        let (mut child, mut lines) = again(name, folder.path());
        wait_for(&mut lines, "holding");
        let error = RunLock::acquire(folder.path()).unwrap_err();
        assert!(matches!(&error, LockError::Held { holder: Some(holder), .. } if holder.pid == child.id()));
        assert!(error.to_string().contains(&format!("process {}", child.id())), "{error}");
        child.kill().unwrap();
        child.wait().unwrap();
        let lock = RunLock::acquire(folder.path()).expect("its holder is dead");
        assert_eq!(lock.run_dir(), folder.path());
    }
}

#[test]
fn a_lock_that_is_dropped_is_free() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        drop(RunLock::acquire(folder.path().join("a/b")).unwrap());
    }
    assert_eq!(fs::read(folder.path().join("a/b/run.lock")).unwrap(), b"");
}

#[cfg(unix)]
#[test]
fn a_lock_file_that_is_a_link_is_not_written_through() {
    let folder = tempfile::tempdir().unwrap();
    let precious = folder.path().join("precious");
    fs::write(&precious, "mine").unwrap();
    std::os::unix::fs::symlink(&precious, folder.path().join("run.lock")).unwrap();
    let error = RunLock::acquire(folder.path()).unwrap_err().to_string();
    assert!(error.contains("run.lock") && error.contains("regular file"), "{error}");
    assert_eq!(fs::read(precious).unwrap(), b"mine");
}

fn state(step: u64) -> Vec<u8> {
    (0..4096_u64).flat_map(|place| (place * 2_654_435_761 + step).to_le_bytes()).collect()
}

/// Saves as fast as it can, and says so each time.
fn save_forever(run: PathBuf) {
    let lock = RunLock::acquire(&run).unwrap();
    let store = Store::new(RealFs, run).with_limit(3.try_into().unwrap());
    store.clean_up(&lock).unwrap();
    let last = store.latest().unwrap().map_or(0, |loaded| loaded.step());
    println!("\nready");
    for step in last + 1.. {
        let meta = StepMeta { data_cursor: step, ..StepMeta::default() };
        let saved = store.save(step, &meta, |files| files.write("state", &state(step))).unwrap();
        println!("saved {}", saved.step);
    }
}

/// Kills the process after a while and returns the last step it said was saved.
fn kill_after(run: &Path, name: &str, pause: Duration) -> Option<u64> {
    let (mut child, mut lines) = again(name, run);
    wait_for(&mut lines, "ready");
    let start = Instant::now();
    thread::sleep(pause.saturating_sub(start.elapsed()));
    child.kill().unwrap();
    child.wait().unwrap();
    let whole = lines.lines().map_while(Result::ok);
    whole.filter_map(|line| line.strip_prefix("saved ")?.parse().ok()).last()
}

#[test]
fn what_a_killed_process_said_was_saved_is_there() {
    let name = "what_a_killed_process_said_was_saved_is_there";
    if let Some(run) = env::var_os(ROLE) {
        return save_forever(run.into());
    }
    let folder = tempfile::tempdir().unwrap();
    let kills = env::var("ANNEAL_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(25);
    let (mut acknowledged, mut inside) = (0, 0);
    for kill in 0..kills {
        let pause = Duration::from_micros(500 + 31_907 * kill % 120_000);
        acknowledged = acknowledged.max(kill_after(folder.path(), name, pause).unwrap_or(0));
        let store = Store::new(RealFs, folder.path());
        let leftovers = store.verify_all().unwrap().leftovers.len();
        assert!(leftovers <= 2, "kill {kill}: {leftovers} leftovers");
        inside += usize::from(leftovers > 0);
        let Some(latest) = store.latest().unwrap() else {
            assert_eq!(acknowledged, 0, "kill {kill}");
            continue;
        };
        assert!(latest.skipped().is_empty() && latest.step() >= acknowledged, "kill {kill}");
        assert_eq!(latest.meta().data_cursor, latest.step());
        assert_eq!(latest.read("state").unwrap(), state(latest.step()), "kill {kill}");
    }
    println!("{kills} kills, {inside} inside a save, {acknowledged} steps saved");
    assert!(acknowledged > 0 && inside > 0);
}
