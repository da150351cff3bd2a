// SPDX-License-Identifier: Apache-2.0
//! Whoever asks a running agent.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use serde_json::Value;

use crate::agent::Agent;

/// What an agent answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// A client of one agent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client(SocketAddr);

impl Client {
    /// Of an agent that has said where it serves.
    pub(crate) fn of(agent: &Agent) -> Self {
        let log = agent.stderr();
        let address = log.split("served at http://").nth(1).and_then(|rest| rest.split_whitespace().next());
        Self(address.and_then(|address| address.parse().ok()).unwrap_or_else(|| panic!("no address:\n{log}")))
    }

    /// Asks; `None` when nobody is there.
    pub(crate) fn try_get(&self, path: &str) -> Option<Answer> {
        let mut stream = TcpStream::connect(self.0).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap_or_else(|error| panic!("{path}: {error}"));
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{path}: {answer}"));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Some(Answer { status: status.unwrap_or_else(|| panic!("{path}: {head}")), body: body.to_owned() })
    }

    /// Asks.
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.try_get(path).unwrap_or_else(|| panic!("nobody serves {path} at {}", self.0))
    }

    /// Asks for JSON.
    pub(crate) fn json(&self, path: &str) -> Value {
        let body = self.get(path).body;
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("{path}: {error}: {body}"))
    }

    /// Asks for metrics.
    pub(crate) fn metrics(&self, path: &str) -> Metrics {
        Metrics(self.get(path).body)
    }
}

/// A page of metrics.
#[derive(Debug)]
pub(crate) struct Metrics(String);

impl Metrics {
    /// The sum of the samples of a metric that have these labels; fails for a metric that is not there.
    pub(crate) fn sum(&self, name: &str, labels: &[&str]) -> f64 {
        let samples = self.0.lines().filter_map(|line| {
            let (head, value) = line.rsplit_once(' ')?;
            let (this, of) = head.split_once('{').unwrap_or((head, ""));
            let has = |label: &&str| of.trim_end_matches('}').split(',').any(|one| one == *label);
            (this == name).then(|| (labels.iter().all(has), value.parse::<f64>().expect("a number")))
        });
        let samples: Vec<_> = samples.collect();
        // That of a syscall that was never sent is left out.
        assert!(!samples.is_empty(), "there is no {name}");
        samples.into_iter().filter(|(has, _)| *has).map(|(_, value)| value).sum()
    }
}
