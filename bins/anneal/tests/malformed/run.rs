//! Starts the binary under limits of time and memory.

use crate::case::Case;
use crate::workplace::Workplace;
use std::fs::File;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

/// Nothing malformed may take longer.
const TIME: Duration = Duration::from_secs(20);
/// Memory that a process may write to, in KiB: 600 MiB.
const MEMORY: &str = "614400";

/// How a run ended; `status` is `None` when it had to be stopped.
pub struct Finished {
    pub status: Option<ExitStatus>,
    pub stderr: String,
}

/// Runs a case's command.
pub fn run(case: &Case, place: &Workplace) -> Finished {
    let log = tempfile::NamedTempFile::new().expect("a temporary file");
    let mut command = limited();
    command.arg(&case.command);
    command.arg("--model").arg(place.path("model"));
    command.arg("--input").arg(place.path(&case.input));
    command.arg("--output").arg(place.path(&case.output));
    if case.command == "generate" && !case.flags.iter().any(|flag| flag == "--max-new-tokens") {
        command.args(["--max-new-tokens", "2"]);
    }
    command.args(&case.flags).env("RAYON_NUM_THREADS", "2").env_remove("RUST_LOG");
    command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null());
    command.stderr(File::create(log.path()).expect("log"));
    let mut child = command.spawn().expect("the binary starts");
    let status = wait(&mut child);
    let stderr = std::fs::read(log.path()).expect("log");
    Finished { status, stderr: String::from_utf8_lossy(&stderr).into_owned() }
}

/// The binary; on Linux with a cap on its data, heap and stacks. An allocation over the cap aborts it, which is
/// none of the ends that a case may expect.
fn limited() -> Command {
    let binary = env!("CARGO_BIN_EXE_anneal");
    if !cfg!(target_os = "linux") {
        return Command::new(binary);
    }
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("ulimit -c 0; ulimit -d {MEMORY}; exec \"$0\" \"$@\""), binary]);
    shell
}

fn wait(child: &mut Child) -> Option<ExitStatus> {
    let start = Instant::now();
    while start.elapsed() < TIME {
        if let Some(status) = child.try_wait().expect("a child") {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("killed");
    child.wait().expect("a child");
    None
}
