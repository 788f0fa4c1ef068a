//! Which shard this process is of, as told on the command line or by a scheduler of job arrays.

use std::env;

use crate::error::{Error, Result};
use crate::sweep::shard::Shard;

/// `--shard`: a shard, or where to learn it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ShardChoice {
    /// As given.
    Given(Shard),
    /// As the scheduler says in the environment; of so many, where it does not say how many.
    Auto(Option<usize>),
}

impl ShardChoice {
    /// Reads the option's value.
    ///
    /// # Errors
    /// If it is neither `N/M` nor `auto` nor `auto/M`.
    pub(super) fn parse(text: &str) -> Result<Self> {
        match text.strip_prefix("auto") {
            None => text.parse().map(Self::Given),
            Some("") => Ok(Self::Auto(None)),
            Some(of) => {
                let of = of.strip_prefix('/').and_then(|of| of.parse().ok()).filter(|&of| of > 0);
                let of = of.ok_or_else(|| {
                    Error::request(format!("`{text}` is no shard"))
                        .hint("`--shard auto/40` takes the index from the job array, and 40 shards")
                })?;
                Ok(Self::Auto(Some(of)))
            }
        }
    }

    /// The shard.
    ///
    /// # Errors
    /// If no scheduler tells, or not how many there are.
    pub(super) fn find(self) -> Result<Shard> {
        match self {
            Self::Given(shard) => Ok(shard),
            Self::Auto(of) => from_environment(of, &|name| env::var(name).ok()),
        }
    }
}

/// What a scheduler tells a task of an array.
struct Scheduler {
    name: &'static str,
    /// The variable with the task's index.
    index: &'static str,
    /// The variable with the first index; it is 0 without.
    first: Option<&'static str>,
    /// The variable with the step from index to index; it is 1 without.
    step: Option<&'static str>,
    /// The variable with the number of tasks.
    tasks: Option<&'static str>,
}

/// Sources: Slurm's `sbatch` manual, "Output environment variables"; AWS Batch's user guide, "Job environment
/// variables"; the Kubernetes documentation, "Indexed Job for parallel processing".
const SCHEDULERS: [Scheduler; 3] = [
    Scheduler {
        name: "Slurm",
        index: "SLURM_ARRAY_TASK_ID",
        first: Some("SLURM_ARRAY_TASK_MIN"),
        step: Some("SLURM_ARRAY_TASK_STEP"),
        tasks: Some("SLURM_ARRAY_TASK_COUNT"),
    },
    Scheduler {
        name: "AWS Batch",
        index: "AWS_BATCH_JOB_ARRAY_INDEX",
        first: None,
        step: None,
        tasks: Some("AWS_BATCH_JOB_ARRAY_SIZE"),
    },
    Scheduler {
        name: "Kubernetes",
        index: "JOB_COMPLETION_INDEX",
        first: None,
        step: None,
        tasks: None,
    },
];

type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

fn from_environment(of: Option<usize>, variables: Variables) -> Result<Shard> {
    let told = SCHEDULERS.iter().find(|scheduler| variables(scheduler.index).is_some());
    let Some(scheduler) = told else {
        let names: Vec<String> =
            SCHEDULERS.iter().map(|it| format!("`{}` ({})", it.index, it.name)).collect();
        return Err(Error::request(format!(
            "`--shard auto` needs a job array, but none of {} is set",
            names.join(", ")
        ))
        .hint("start it as a task of a job array, or give the shard, e.g., `--shard 1/40`"));
    };
    scheduler.shard(of, variables)
}

impl Scheduler {
    fn shard(&self, of: Option<usize>, variables: Variables) -> Result<Shard> {
        let index = number(self.index, variables)?.unwrap_or(0);
        let first = self.first.map_or(Ok(None), |name| number(name, variables))?.unwrap_or(0);
        let step = self.step.map_or(Ok(None), |name| number(name, variables))?.unwrap_or(1).max(1);
        let tasks = self.tasks.map_or(Ok(None), |name| number(name, variables))?;
        let Some(of) = of.or(tasks) else {
            return Err(Error::request(format!(
                "{} says which task this is (`{}={index}`), but not of how many",
                self.name, self.index
            ))
            .hint("say it: for forty tasks, `--shard auto/40`"));
        };
        Shard::new(index.saturating_sub(first) / step + 1, of)
            .map_err(|error| error.at(format!("{}={index}", self.index)))
    }
}

fn number(name: &str, variables: Variables) -> Result<Option<usize>> {
    let Some(text) = variables(name) else { return Ok(None) };
    let number = text.parse().map_err(|_| {
        Error::request(format!("`{name}` is `{text}`, but must be a whole number"))
            .hint("give the shard instead, e.g., `--shard 1/40`")
    });
    number.map(Some)
}

#[cfg(test)]
mod tests {
    use super::{ShardChoice, from_environment};

    fn shard(of: Option<usize>, variables: &[(&str, &str)]) -> Result<String, String> {
        let get = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let shard = from_environment(of, &get);
        shard.map(|it| it.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn job_arrays_number_their_tasks_each_in_its_way() {
        let slurm = [("SLURM_ARRAY_TASK_ID", "12"), ("SLURM_ARRAY_TASK_COUNT", "5")];
        let offset = [("SLURM_ARRAY_TASK_MIN", "10"), ("SLURM_ARRAY_TASK_STEP", "2")];
        assert_eq!(shard(None, &[slurm, offset].concat()).unwrap(), "2/5");
        let batch = [("AWS_BATCH_JOB_ARRAY_INDEX", "0"), ("AWS_BATCH_JOB_ARRAY_SIZE", "40")];
        assert_eq!(shard(None, &batch).unwrap(), "1/40");
        let kubernetes = [("JOB_COMPLETION_INDEX", "39")];
        assert_eq!(shard(Some(40), &kubernetes).unwrap(), "40/40");
        assert!(shard(None, &kubernetes).unwrap_err().contains("--shard auto/40"));
        assert!(shard(Some(39), &kubernetes).unwrap_err().contains("40/39"));
        assert!(shard(None, &[]).unwrap_err().contains("SLURM_ARRAY_TASK_ID"));
        assert!(shard(None, &[("JOB_COMPLETION_INDEX", "x")]).unwrap_err().contains("`x`"));
    }

    #[test]
    fn the_option_takes_a_shard_or_auto() {
        assert_eq!(ShardChoice::parse("auto").unwrap(), ShardChoice::Auto(None));
        assert_eq!(ShardChoice::parse("auto/7").unwrap(), ShardChoice::Auto(Some(7)));
        for wrong in ["auto/", "auto/0", "auto7", "Auto", "automatic"] {
            assert!(ShardChoice::parse(wrong).is_err(), "{wrong}");
        }
    }
}
