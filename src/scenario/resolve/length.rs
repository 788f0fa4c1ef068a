//! How long a run is, and how often it is repeated.

use super::{AtPath, MAX_DURATION, Resolved, refuse, refuse_with};
use crate::encryption::needs::MultipartCalls;
use crate::scenario::written::ScenarioFile;
use crate::statistics::{PILOT, Precision};
use crate::units::{Share, SimDuration};

/// Most replications.
const MAX_REPLICATIONS: u32 = 10_000;
/// Most replications that a precision may take, unless the scenario says otherwise.
const DEFAULT_MAX_REPLICATIONS: u32 = 1_000;

/// Refuses a run that is too short or too long, and what else is a single number of the scenario.
pub(super) fn check_length(file: &ScenarioFile) -> Resolved<()> {
    if file.duration < SimDuration::from_secs(1) || file.duration > MAX_DURATION {
        return refuse(
            "duration",
            format!(
                "`duration` is `{}`, but must lie between 1s and {MAX_DURATION}",
                file.duration
            ),
        );
    }
    if file.warm_up >= file.duration {
        return refuse(
            "warm_up",
            format!(
                "`warm_up` is `{}`, but must be shorter than the duration, `{}`",
                file.warm_up, file.duration
            ),
        );
    }
    let MultipartCalls { upload_part, complete, list_parts } = file.multipart;
    if upload_part.max(complete).max(list_parts) > 1 {
        return refuse("multipart", "`multipart` has more than `1` call, but each is 0 or 1");
    }
    if i64::try_from(file.seed).is_err() {
        return refuse("seed", format!("`seed` is `{}`, but must be below 2^63", file.seed));
    }
    file.assumptions.check().at_path(|| "assumptions".into())
}

/// The fewest replications, and the precision they are to reach.
pub(super) fn replications(file: &ScenarioFile) -> Resolved<(u32, Option<Precision>)> {
    if !(1..=MAX_REPLICATIONS).contains(&file.replications) {
        return refuse(
            "replications",
            format!(
                "`replications` is `{}`, but must lie between 1 and {MAX_REPLICATIONS}",
                file.replications
            ),
        );
    }
    let Some(precision) = file.precision else {
        return match file.max_replications {
            None => Ok((file.replications, None)),
            Some(given) => refuse_with(
                "max_replications",
                format!(
                    "`max_replications` is `{given}`, but there is no `precision` to stop before it"
                ),
                "give the half-width that is wanted, e.g., `precision = \"0.5%\"`",
            ),
        };
    };
    if precision == Share::ZERO {
        return refuse_with(
            "precision",
            "`precision` is `0`, but must be greater than zero",
            "give a half-width in points of the saving, e.g., `precision = \"0.5%\"`",
        );
    }
    let fewest = file.replications.max(PILOT);
    let replications_max =
        file.max_replications.unwrap_or_else(|| DEFAULT_MAX_REPLICATIONS.max(fewest));
    if !(fewest..=MAX_REPLICATIONS).contains(&replications_max) {
        return refuse(
            "max_replications",
            format!(
                "`max_replications` is `{replications_max}`, but must lie between {fewest}, the \
                 fewest that are run, and {MAX_REPLICATIONS}"
            ),
        );
    }
    Ok((fewest, Some(Precision { half_width: precision.value(), replications_max })))
}
