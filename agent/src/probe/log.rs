// SPDX-License-Identifier: Apache-2.0
//! The probe's own diagnostics, by aya-log; never events.

use aya::Ebpf;
use aya_log::EbpfLogger;

/// Passes what the probe logs to the agent's log.
pub(super) struct ProbeLog(EbpfLogger<&'static dyn ::log::Log>);

impl ProbeLog {
    /// Starts reading; without the map (an object built without logging) there is nothing to read.
    pub(super) fn start(ebpf: &mut Ebpf) -> Option<Self> {
        EbpfLogger::init(ebpf)
            .inspect_err(|error| tracing::warn!("the probe's log can't be read: {error}"))
            .ok()
            .map(Self)
    }

    /// Passes on what is there.
    pub(super) fn flush(&mut self) {
        self.0.flush();
    }
}
