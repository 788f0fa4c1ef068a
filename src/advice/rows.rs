//! `advice.csv`: what each thing changed saves.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Advice, Saving};

/// One row of `advice.csv`; amounts are of a billing period.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AdviceRow {
    /// Name of the scenario.
    pub scenario: String,
    /// The configuration that is taken for what is in use now.
    pub now: String,
    /// The configuration with bucket keys that is advised.
    pub configuration: String,
    /// Name of the advice.
    pub advice: String,
    /// What it is, in words.
    pub title: String,
    /// Its place in the order in which to go, from 1; empty if it is not in it.
    pub step: Option<u32>,
    /// `saves`, `depends`, `does-not-matter` or `costs-more`.
    pub effect: String,
    /// What it saves by itself.
    pub saving_usd: f64,
    /// The least of that at any level of assumptions.
    pub saving_low_usd: f64,
    /// The most.
    pub saving_high_usd: f64,
    /// What it saves where bucket keys are on; empty of bucket keys themselves, and where they are on now.
    pub beyond_keys_usd: Option<f64>,
    /// The least of that at any level of assumptions.
    pub beyond_keys_low_usd: Option<f64>,
    /// The most.
    pub beyond_keys_high_usd: Option<f64>,
    /// What it saves beyond the steps before it; empty if it is not in the order.
    pub then_usd: Option<f64>,
    /// The least of that at any level of assumptions.
    pub then_low_usd: Option<f64>,
    /// The most.
    pub then_high_usd: Option<f64>,
    /// 95 % confidence half-width of the larger of both savings.
    pub noise_usd: f64,
    /// Share of today's bill that the larger of both savings is.
    pub saving_ratio: Option<f64>,
    /// Whether the changed run has the same requests; else such as the changed clients or sessions send.
    pub same_requests: bool,
    /// The advised configuration's requests and keys bill after this change alone.
    pub total_cost_usd: f64,
    /// What it costs once; empty if nothing that is priced.
    pub once_usd: Option<f64>,
    /// `after`, `never` or `unknown`.
    pub payback: Option<String>,
    /// Billing periods until it is paid back.
    pub payback_periods: Option<f64>,
    /// What it loses.
    pub loses: String,
    /// The command that makes the same figures again.
    pub command: String,
}

/// A row for everything that was tried; `command` gives the command for what is put over the scenario.
#[must_use]
pub fn rows(advice: &Advice, command: &dyn Fn(usize) -> String) -> Vec<AdviceRow> {
    let all = advice.list.iter().enumerate();
    all.map(|(index, it)| {
        let step = advice.step_of(index);
        let then = step.map(|step| advice.order[step].saving);
        let [beyond, beyond_low, beyond_high] = parts(it.beyond);
        let [then, then_low, then_high] = parts(then);
        AdviceRow {
            scenario: advice.scenario.clone(),
            now: advice.now.clone(),
            configuration: advice.configuration.clone(),
            advice: it.change.name.clone(),
            title: it.change.title.clone(),
            step: step.map(|step| step as u32 + 1),
            effect: it.effect.name().to_owned(),
            saving_usd: it.alone.assumed.as_f64(),
            saving_low_usd: it.alone.low.as_f64(),
            saving_high_usd: it.alone.high.as_f64(),
            beyond_keys_usd: beyond,
            beyond_keys_low_usd: beyond_low,
            beyond_keys_high_usd: beyond_high,
            then_usd: then,
            then_low_usd: then_low,
            then_high_usd: then_high,
            noise_usd: it.noise.as_f64(),
            saving_ratio: advice.share_of_bill(it.best().assumed),
            same_requests: it.kind.same_requests,
            total_cost_usd: it.bill.as_f64(),
            once_usd: it.once.as_ref().map(|once| once.cost.as_f64()),
            payback: it.once.as_ref().map(|once| once.payback.clone()),
            payback_periods: it.once.as_ref().and_then(|once| once.periods),
            loses: it.kind.loses.to_owned(),
            command: command(index),
        }
    })
    .collect()
}

/// As assumed, the least and the most.
fn parts(saving: Option<Saving>) -> [Option<f64>; 3] {
    match saving {
        None => [None; 3],
        Some(Saving { assumed, low, high, .. }) => [assumed, low, high].map(|it| Some(it.as_f64())),
    }
}
