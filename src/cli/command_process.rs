//! A command of bks as a process of its own: all that it writes is gathered, and it can be ended at any time. None
//! outlives this process when that is asked to end.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;

/// Those that may be running.
static STARTED: Mutex<Vec<Weak<CommandProcess>>> = Mutex::new(Vec::new());

/// A command, from before its start until after its end.
#[derive(Debug, Default)]
pub(super) struct CommandProcess(Mutex<ProcessState>);

#[derive(Debug, Default)]
enum ProcessState {
    #[default]
    Waiting,
    Running(Child),
    /// By itself.
    Done,
    /// Before its time, or before its start.
    Ended,
}

impl CommandProcess {
    fn state(&self) -> MutexGuard<'_, ProcessState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `program` with `words` after it and `input` on its standard input; `None` if it is ended before its time.
    pub(super) fn run(
        self: &Arc<Self>,
        program: &Path,
        words: &[OsString],
        input: &str,
    ) -> io::Result<Option<Output>> {
        let Some(pipes) = self.start(program, words)? else { return Ok(None) };
        let (mut stdin, mut stdout, mut stderr) = pipes;
        let (mut printed, mut said) = (Vec::new(), Vec::new());
        let read = thread::scope(|scope| {
            scope.spawn(move || {
                // A command that fails does not read all.
                let _ = stdin.write_all(input.as_bytes());
            });
            let errors = scope.spawn(|| stderr.read_to_end(&mut said));
            let read = stdout.read_to_end(&mut printed);
            errors.join().unwrap_or(Ok(0)).and(read)
        });
        let mut state = self.state();
        match std::mem::take(&mut *state) {
            ProcessState::Running(mut child) => {
                *state = ProcessState::Done;
                let status = child.wait()?;
                read?;
                Ok(Some(Output { status, stdout: printed, stderr: said }))
            }
            ended => {
                *state = ended;
                Ok(None)
            }
        }
    }

    fn start(
        self: &Arc<Self>,
        program: &Path,
        words: &[OsString],
    ) -> io::Result<Option<(impl Write + Send + use<>, impl Read + use<>, impl Read + Send + use<>)>>
    {
        let mut started = started();
        let mut state = self.state();
        if matches!(*state, ProcessState::Ended) {
            return Ok(None);
        }
        let mut command = Command::new(program);
        command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        *state = ProcessState::Running(child);
        started.retain(|it| it.strong_count() > 0);
        started.push(Arc::downgrade(self));
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            unreachable!("all three are pipes")
        };
        Ok(Some((stdin, stdout, stderr)))
    }

    /// Ends it; one that was not started never will be.
    pub(super) fn end(&self) {
        let mut state = self.state();
        match &mut *state {
            ProcessState::Running(child) => {
                let _ = child.kill();
                let _ = child.wait();
            }
            ProcessState::Waiting => {}
            ProcessState::Done | ProcessState::Ended => return,
        }
        *state = ProcessState::Ended;
    }

    /// Whether it was ended before its time.
    pub(super) fn is_ended(&self) -> bool {
        matches!(*self.state(), ProcessState::Ended)
    }
}

fn started() -> MutexGuard<'static, Vec<Weak<CommandProcess>>> {
    STARTED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends all, when this process is about to end.
pub(super) fn end_all() {
    started().iter().filter_map(Weak::upgrade).for_each(|process| process.end());
}
