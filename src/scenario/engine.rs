//! How the traffic is to be run: request by request, or from KMS call to KMS call where that is
//! possible.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::workload::Workload;

/// How to run the traffic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EngineChoice {
    /// Skip ahead for the principals for whom that is possible and much cheaper; else draw all
    /// requests
    #[default]
    Auto,
    /// Draw every request
    Events,
    /// Go from KMS call to KMS call; refused where some traffic does not allow it
    SkipAhead,
}

impl EngineChoice {
    /// Whether it is the choice that need not be written down.
    #[must_use]
    pub fn is_auto(&self) -> bool {
        *self == Self::Auto
    }

    /// Refuses to skip ahead where some workload does not allow it.
    ///
    /// # Errors
    /// Names the workload and why.
    pub(super) fn check(self, workloads: &[Workload]) -> Result<()> {
        if self != Self::SkipAhead {
            return Ok(());
        }
        for workload in workloads {
            if let Err(reason) = workload.poisson_requests() {
                return Err(Error::request(format!(
                    "`engine` is `skip-ahead`, but workload `{}` {reason}",
                    workload.name
                ))
                .hint("let `engine = \"auto\"` choose for each principal"));
            }
        }
        Ok(())
    }
}
