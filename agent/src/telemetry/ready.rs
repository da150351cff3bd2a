// SPDX-License-Identifier: Apache-2.0
//! Whether events flow, judged by past snapshots alone.

use std::{fmt, time::Duration};

use agent_common::ledger::Reason;

use super::{
    history::{Beat, HEARTBEATS, History},
    kubernetes::Pods,
    listen::Percent,
};

/// What has just happened: three snapshots, which may come a little early. A loss that begins is seen by the fourth
/// snapshot after it at the latest, so within five seconds; one that ends is forgotten as quickly here.
const RECENT: Duration = Duration::from_millis(2900);
/// As people say it.
const RECENTLY: &str = "3s";
/// A window of this length is the same, and need not be told twice.
const SHORTEST: Duration = Duration::from_secs(3);

/// What is demanded.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Policy {
    /// The most that may be lost.
    pub(super) max_loss: Percent,
    /// Whether pods must have been listed.
    pub(super) require_pods: bool,
}

/// How long a first list of pods may keep the agent from being ready. It takes milliseconds; what takes longer is no reason
/// to do without the events.
const FIRST_LIST: Duration = Duration::from_secs(30);

/// Losses over some time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Loss {
    /// By [`Reason`], in the kernel.
    kernel: [u64; Reason::ALL.len()],
    /// Given up in the kernel.
    shed: u64,
    /// By the output.
    output: u64,
    /// Of so many records.
    of: u64,
}

impl Loss {
    fn between(from: &Beat, to: &Beat) -> Self {
        let mut loss = Self {
            shed: to.shed.saturating_sub(from.shed),
            output: to.dropped.saturating_sub(from.dropped),
            ..Self::default()
        };
        for (lost, (from, to)) in loss.kernel.iter_mut().zip(from.lost.iter().zip(to.lost)) {
            *lost = to.saturating_sub(*from);
        }
        let sent = to.sent.saturating_sub(from.sent) + loss.shed + loss.kernel.iter().sum::<u64>();
        // What the output drops may have been sent before.
        loss.of = sent.max(loss.lost());
        loss
    }

    fn lost(&self) -> u64 {
        self.kernel.iter().sum::<u64>() + self.shed + self.output
    }

    /// The lost ones' share, from 0 to 1.
    pub(super) fn ratio(&self) -> f64 {
        if self.of == 0 { 0.0 } else { self.lost() as f64 / self.of as f64 }
    }

    /// It in words, when it is more than is allowed.
    fn too_much(&self, policy: Policy, within: &str) -> Option<String> {
        policy.max_loss.is_less_than(self.lost(), self.of).then(|| {
            format!("events were lost in the last {within}, more than --max-loss {} percent: {self}", policy.max_loss)
        })
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.lost(), self.of)?;
        let by_reason = Reason::ALL.into_iter().map(Reason::name).zip(self.kernel);
        for (reason, lost) in
            by_reason.chain([("shed", self.shed), ("output", self.output)]).filter(|(_, lost)| *lost > 0)
        {
            write!(f, ", {reason} {lost}")?;
        }
        Ok(())
    }
}

/// What is to be said.
#[derive(Clone, Debug, Default)]
pub(super) struct Verdict {
    /// Why not; empty when the agent is ready.
    pub(super) reasons: Vec<String>,
    /// What else is worth knowing.
    pub(super) details: Vec<String>,
    /// In the last three seconds.
    pub(super) recent: Loss,
    /// In the time that losses are held against the agent.
    pub(super) window: Loss,
}

/// Judges by what is remembered, and by how the agent stands with the API server, where it asks one.
pub(super) fn judge(history: &History, pods: Option<&Pods>, policy: Policy) -> Verdict {
    let mut verdict = Verdict::default();
    let (Some((before, now)), Some(oldest)) = (history.last_two(), history.oldest()) else {
        verdict.reasons.push("starting: the probe has yet to show that it sees calls".to_owned());
        return verdict;
    };
    if now.heartbeats.saturating_sub(before.heartbeats) < HEARTBEATS {
        verdict.reasons.push(
            "the probe does not see the calls that the agent makes: it is detached, or the kernel does not run it"
                .to_owned(),
        );
    }
    let then = history.back(RECENT);
    if let Some(then) = then {
        let stations = [
            (then.sent, now.drained, "in the rings for the drain thread"),
            (then.drained, now.decoded, "for being decoded"),
            (then.queued, now.settled, "for the output, which takes nothing"),
        ];
        for (came, gone, place) in stations {
            if let Some(waiting) = came.checked_sub(gone).filter(|waiting| *waiting > 0) {
                verdict.reasons.push(format!("events do not flow: {waiting} have waited {RECENTLY} {place}"));
            }
        }
    }
    verdict.recent = Loss::between(then.unwrap_or(oldest), now);
    verdict.window = Loss::between(oldest, now);
    let window = humantime::format_duration(history.window()).to_string();
    verdict.reasons.extend(verdict.recent.too_much(policy, RECENTLY));
    if history.window() > SHORTEST {
        verdict.reasons.extend(verdict.window.too_much(policy, &window));
    }
    verdict.details.push(format!("lost in the last {window}: {}", verdict.window));
    judge_pods(pods, now.at, policy, &mut verdict);
    verdict
}

/// An API server that does not answer is a detail, once it was tried: events go on to have the ids of their pods, and an
/// agent that is not ready would be no better off.
fn judge_pods(pods: Option<&Pods>, at: Duration, policy: Policy, verdict: &mut Verdict) {
    let Some(pods) = pods else {
        if policy.require_pods {
            verdict.reasons.push("kubernetes: no API server is asked, and --require-k8s wants one".to_owned());
        }
        return;
    };
    let (listing, known) = (!pods.synced && pods.trouble.is_none(), pods.known);
    let trouble = pods.trouble.as_ref().map(|(text, attempts)| format!("{text}; failed attempts: {attempts}"));
    let text = match (pods.synced, trouble) {
        (true, None) => format!("kubernetes: {known} pods are known"),
        (true, Some(trouble)) => format!("kubernetes: {known} pods are known, and no new ones: {trouble}"),
        (false, None) => "kubernetes: the pods are being listed".to_owned(),
        (false, Some(trouble)) => format!("kubernetes: no pods are known: {trouble}"),
    };
    if (listing && at < FIRST_LIST) || (!pods.synced && policy.require_pods) {
        verdict.reasons.push(text);
    } else {
        verdict.details.push(text);
    }
}

#[cfg(test)]
mod tests;
