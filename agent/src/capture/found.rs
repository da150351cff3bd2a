// SPDX-License-Identifier: Apache-2.0
//! The probe, looked for on a thread of its own: servers may be slow, and signals are heard meanwhile.

use std::thread;

use anyhow::{Context as _, Result, anyhow};
use tokio::sync::oneshot;

use crate::{
    driver::{Carried, Config, Object, Provenance, Resolver, build, resolve},
    probe::Layout,
};

/// The probe that is used.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) object: Object<'static>,
    /// Of this kernel; from BTF that was found beside the probe, if the kernel has none.
    pub(super) layout: Layout,
    /// Where the probe came from.
    pub(super) provenance: Provenance,
}

impl Found {
    /// Looks for it. `layout` is what is known of the kernel without.
    pub(super) async fn look(config: Config, layout: Layout) -> Result<Self> {
        let (tell, told) = oneshot::channel();
        let looking = thread::Builder::new().name("lanner-find".to_owned()).spawn(move || {
            // Nobody hears it when a signal came first.
            let _ = tell.send(find(&config, layout));
        });
        let looking = looking.context("can't start a thread")?;
        let found = told.await;
        looking.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        found.context("the thread that looks for the probe ended")?
    }
}

/// What a signal makes of the search.
pub(super) fn interrupted() -> anyhow::Error {
    build::stop();
    anyhow!("told to stop while the probe was looked for; nothing was captured")
}

fn find(config: &Config, layout: Layout) -> Result<Found> {
    let resolved = Resolver::new(config, Carried::here()).resolve()?;
    let (object, mut provenance) = (resolved.object, resolved.provenance);
    let layout = resolve::with_btf(config, layout, &mut provenance);
    provenance.warn_of_faults();
    Ok(Found { object, layout, provenance })
}
