// SPDX-License-Identifier: Apache-2.0
//! The probe in the kernel: the only place that uses aya.

mod batch;
pub mod btf;
mod cgroups;
pub mod counters;
pub mod error;
pub mod features;
mod filters;
pub mod floor;
pub mod layout;
pub mod levels;
mod log;
mod raw;
pub mod rings;
pub mod runs;
mod wiring;

use std::{collections::BTreeSet, fmt, sync::Arc};

use agent_common::{
    ledger::SLOTS,
    options::{HOOKS, NO_CONTROLLER, Opt, mode, names},
};
use aya::{
    Ebpf, EbpfLoader, VerifierLogLevel,
    maps::{Map, MapData, ProgramArray},
    programs::{RawTracePoint, raw_trace_point::RawTracePointLinkId},
};

pub use self::{cgroups::CgroupMap, counters::Counters, error::ProbeError, layout::Layout, rings::Rings};
use self::{
    filters::{Filters, Sizes},
    levels::Levels,
    runs::Runs,
    wiring::Wiring,
};
use crate::{driver::Object, filter::kernel::KernelFilter};

/// The probe that is part of this binary.
static EMBEDDED: Option<&[u8]> = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The probe that is part of this binary; `None` when it was built without one.
#[must_use]
pub fn embedded() -> Option<&'static [u8]> {
    EMBEDDED
}

/// What a probe is loaded with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Bytes of a buffer that are copied.
    pub snaplen: u32,
    /// Bytes that all rings together may take; by the number of CPUs when `None`.
    pub ring_budget: Option<u64>,
    /// The most verbose level of the probe's own diagnostics: 0 none, 1 error, .. 5 trace.
    pub log_level: u8,
    /// The v1 controller by whose hierarchy cgroups are told, as [`Layout::controller`] has it; `None` for v2.
    pub controller: Option<u32>,
    /// The hierarchy's number; 0 for v2.
    pub hierarchy: u32,
    /// What the probe tells beside syscalls; `None` for nothing.
    pub state: Option<StateSettings>,
    /// Whether calls are shed when a ring fills.
    pub shed: bool,
    /// Whether the filter may be replaced by one that is not known yet.
    pub replaceable: bool,
}

/// How the probe tells of tasks, open files and cgroups.
#[derive(Clone, Debug)]
pub struct StateSettings {
    /// Whether the environment of new images is told.
    pub environment: bool,
    /// How many open files the probe remembers to have told of.
    pub files: u32,
}

/// A loaded probe.
pub struct Probe {
    // Field order is drop order: what is attached goes before what it uses.
    ebpf: Ebpf,
    calls: Calls,
    filters: Filters,
    counters: Counters,
    levels: Arc<Levels>,
    programs: Vec<ProgramInfo>,
    ring_size: u32,
    online: usize,
    log: Option<log::ProbeLog>,
    /// Whether something is done at `sys_enter`.
    needs_enter: bool,
    /// How the program there is attached, while it is.
    enters: Option<RawTracePointLinkId>,
    /// Whether the program on `sys_exit` is attached.
    attached: bool,
    state: bool,
    shed: bool,
}

/// The arrays of programs that are tail-called.
struct Calls {
    exits: ProgramArray<MapData>,
    enters: ProgramArray<MapData>,
    stages: ProgramArray<MapData>,
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probe")
            .field("programs", &self.programs.len())
            .field("ring_size", &self.ring_size)
            .finish_non_exhaustive()
    }
}

/// What the kernel says of a loaded program.
#[derive(Clone, Debug)]
pub struct ProgramInfo {
    /// Its name in the object.
    pub name: String,
    /// Instructions that the verifier looked at.
    pub verified: Option<u32>,
    /// Bytes of machine code.
    pub jited: u32,
}

impl Probe {
    /// Loads `object` into the kernel with what `filter` needs, and what the self-test does, and makes its rings. Nothing
    /// is attached yet, and nothing captured until [`Self::apply`].
    ///
    /// # Errors
    /// When the kernel refuses it.
    pub fn load(
        object: &Object<'_>,
        layout: &Layout,
        filter: &KernelFilter,
        self_test: &KernelFilter,
        settings: &Settings,
    ) -> Result<(Self, Rings, CgroupMap), ProbeError> {
        let load = |direct| Self::load_with(object, layout, filter, self_test, settings, direct);
        let direct = layout.is_own() && features::direct();
        match load(direct) {
            Err(refused @ (ProbeError::Program { .. } | ProbeError::Verifier { .. })) if direct => {
                tracing::warn!("this kernel refuses plain loads from the current task, helpers read it: {refused}");
                load(false)
            }
            loaded => loaded,
        }
    }

    /// As [`Self::load`]; `direct` says whether the current task is read by plain loads.
    fn load_with(
        object: &Object<'_>,
        layout: &Layout,
        filter: &KernelFilter,
        self_test: &KernelFilter,
        settings: &Settings,
        direct: bool,
    ) -> Result<(Self, Rings, CgroupMap), ProbeError> {
        let possible = possible_cpus()?;
        let online = aya::util::online_cpus().map_err(|(path, error)| ProbeError::Cpus { path, error })?;
        let ring_size =
            rings::ring_size(settings.ring_budget.unwrap_or_else(|| rings::default_budget(online.len())), online.len());
        let mut options = [0_u32; Opt::COUNT];
        options[Opt::Snaplen as usize] = settings.snaplen;
        options[Opt::Shed as usize] = u32::from(settings.shed);
        options[Opt::OwnTgid as usize] = std::process::id();
        options[Opt::Controller as usize] = settings.controller.unwrap_or(NO_CONTROLLER);
        options[Opt::Hierarchy as usize] = settings.hierarchy;
        options[Opt::Environment as usize] = u32::from(settings.state.as_ref().is_some_and(|state| state.environment));
        options[Opt::Direct as usize] = u32::from(direct);
        let offsets = layout.offsets();
        let sizes = Sizes::of(filter, settings.replaceable);
        raise_limits();
        let mut loader = EbpfLoader::new();
        loader
            .verifier_log_level(VerifierLogLevel::VERBOSE | VerifierLogLevel::STATS)
            .override_global(names::OPTIONS, &options, true)
            .override_global(names::LAYOUT, &offsets, true)
            .override_global(aya_log::LEVEL, &settings.log_level, true)
            .map_max_entries(names::RINGS, possible)
            .map_max_entries(names::LEDGER, possible * SLOTS)
            .map_max_entries(names::LANES, possible * HOOKS)
            .map_max_entries(names::SCRATCH, possible)
            .map_max_entries(names::ROOMS, possible * HOOKS)
            .map_max_entries(names::FILES, settings.state.as_ref().map_or(1, |state| state.files));
        sizes.set(&mut loader, possible * HOOKS);
        let mut ebpf = loader.load(object.bytes()).map_err(ProbeError::load)?;
        let outer = ebpf.map_mut(names::RINGS).ok_or_else(|| ProbeError::Missing(format!("map {}", names::RINGS)))?;
        let rings = Rings::create(outer, &online, possible, ring_size)?;
        let filter_maps = Filters::new(&mut ebpf, sizes)?;
        let counters = Counters::new(typed(&mut ebpf, names::LEDGER)?, typed(&mut ebpf, names::LANES)?, possible);
        let calls = Calls {
            exits: typed(&mut ebpf, names::CALLS)?,
            enters: typed(&mut ebpf, names::ENTERS)?,
            stages: typed(&mut ebpf, names::STAGES)?,
        };
        let mut probe = Self {
            ebpf,
            calls,
            filters: filter_maps,
            counters,
            levels: rings.levels(),
            programs: Vec::new(),
            ring_size,
            online: online.len(),
            log: None,
            needs_enter: false,
            enters: None,
            attached: false,
            state: settings.state.is_some(),
            shed: settings.shed,
        };
        probe.add(&[filter, self_test].map(|filter| Wiring::of(filter, settings.state.is_some(), settings.shed)))?;
        probe.log = (settings.log_level > 0).then(|| log::ProbeLog::start(&mut probe.ebpf)).flatten();
        let cgroups = CgroupMap::new(typed(&mut probe.ebpf, names::CGROUPS)?);
        Ok((probe, rings, cgroups))
    }

    /// Loads the programs that `wirings` take and that are not there yet, and puts them where they are called.
    fn add(&mut self, wirings: &[Wiring]) -> Result<(), ProbeError> {
        let loaded: BTreeSet<_> = self.programs.iter().map(|program| program.name.as_str()).collect();
        let wanted: BTreeSet<_> = wirings.iter().flat_map(Wiring::programs).collect();
        let new: BTreeSet<_> = wanted.into_iter().filter(|name| !loaded.contains(name)).collect();
        let programs = load_programs(&mut self.ebpf, &new)?;
        for wiring in wirings {
            for (name, slots) in &wiring.exits {
                wire(&mut self.ebpf, &mut self.calls.exits, names::CALLS, name, slots)?;
            }
            for (name, slots) in &wiring.enters {
                wire(&mut self.ebpf, &mut self.calls.enters, names::ENTERS, name, slots)?;
            }
            for (name, index) in &wiring.stages {
                wire(&mut self.ebpf, &mut self.calls.stages, names::STAGES, name, &[*index])?;
            }
            self.needs_enter |= wiring.needs_enter();
        }
        self.programs.extend(programs);
        Ok(())
    }

    /// Attaches the probe. Nothing arrives until something is selected.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn attach(&mut self) -> Result<(), ProbeError> {
        // The entry first: a call whose exit is seen without its entry would lose its registers.
        self.attach_enter()?;
        self.attach_one(names::SYS_EXIT)?;
        self.attached = true;
        if self.state {
            for name in names::TRACEPOINTS {
                match self.attach_one(name) {
                    Err(error) if error.is_missing() => {
                        // A kernel without cgroups, say.
                        tracing::warn!("this kernel has no tracepoint {name}: what it would tell is read from /proc");
                    }
                    attached => {
                        attached?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Attaches the program on `sys_enter`, where something is done there and it is not yet.
    fn attach_enter(&mut self) -> Result<(), ProbeError> {
        if self.needs_enter && self.enters.is_none() {
            self.enters = Some(self.attach_one(names::SYS_ENTER)?);
        }
        Ok(())
    }

    /// Detaches the program on `sys_enter`, if it is attached: every call pays for it.
    fn detach_enter(&mut self) -> Result<(), ProbeError> {
        let Some(link) = self.enters.take() else { return Ok(()) };
        let program = program(&mut self.ebpf, names::SYS_ENTER)?;
        program.detach(link).map_err(|error| ProbeError::program("detach", names::SYS_ENTER, error))
    }

    fn attach_one(&mut self, name: &str) -> Result<RawTracePointLinkId, ProbeError> {
        let program = program(&mut self.ebpf, name)?;
        program.attach(name).map_err(|error| ProbeError::program("attach", name, error))
    }

    /// Detaches the probe: no event arrives any more. What is in the rings stays there to be drained.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn detach(&mut self) -> Result<(), ProbeError> {
        self.counters.read_misses(&self.ebpf);
        for name in [names::SYS_EXIT, names::SYS_ENTER].into_iter().chain(names::TRACEPOINTS) {
            let program = program(&mut self.ebpf, name)?;
            if program.fd().is_ok() {
                program.unload().map_err(|error| ProbeError::program("detach", name, error))?;
            }
        }
        wait_for_running();
        self.flush_log();
        Ok(())
    }

    /// Has the probe treat calls as `filter` says, of the processes that `mode` says (see [`mode`]), from one moment to the
    /// next: a call that this filter and the one before keep is captured. Programs that are missing are loaded first.
    ///
    /// # Errors
    /// When the kernel refuses; the filter before then goes on to hold.
    pub fn apply(&mut self, filter: &KernelFilter, mode: u32) -> Result<(), ProbeError> {
        let wiring = [Wiring::of(filter, self.state, self.shed)];
        self.add(&wiring)?;
        self.needs_enter = wiring[0].needs_enter();
        if self.attached {
            self.attach_enter()?;
        }
        self.filters.replace(filter, &wiring[0].plans, mode)?;
        if self.needs_enter { Ok(()) } else { self.detach_enter() }
    }

    /// The first of the bits that are the filter's in what the kernel is told of cgroups.
    #[must_use]
    pub const fn cgroup_base(&self) -> u32 {
        self.filters.cgroup_base()
    }

    /// Changes the mode (see [`mode`]), and nothing else.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn set_mode(&mut self, mode: u32) -> Result<(), ProbeError> {
        self.filters.set_mode(mode)
    }

    /// Ends capture: calls are only counted from here on.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn stop(&mut self) -> Result<(), ProbeError> {
        self.filters.set_mode(mode::STOPPED)
    }

    /// Passes the probe's own diagnostics on to the log.
    pub fn flush_log(&mut self) {
        if let Some(log) = self.log.as_mut() {
            log.flush();
        }
    }

    /// The probe's counters.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// How full the rings are.
    #[must_use]
    pub fn levels(&self) -> &Levels {
        &self.levels
    }

    /// What the kernel counts of the attached programs.
    #[must_use]
    pub fn runs(&self) -> Vec<Runs> {
        runs::of(&self.ebpf)
    }

    /// Whether the probe tells of tasks, files and cgroups.
    #[must_use]
    pub const fn tells_state(&self) -> bool {
        self.state
    }

    /// The programs that were loaded.
    #[must_use]
    pub fn programs(&self) -> &[ProgramInfo] {
        &self.programs
    }

    /// Bytes of each online CPU's ring.
    #[must_use]
    pub const fn ring_size(&self) -> u32 {
        self.ring_size
    }

    /// Bytes of all online CPUs' rings together.
    #[must_use]
    pub const fn ring_bytes(&self) -> u64 {
        self.ring_size as u64 * self.online as u64
    }
}

/// Entries of a map for `len` keys; a map can't have none.
fn entries(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX).max(1)
}

/// Number of CPUs that the kernel may ever have online.
fn possible_cpus() -> Result<u32, ProbeError> {
    let count = aya::util::nr_cpus().map_err(|(path, error)| ProbeError::Cpus { path, error })?;
    Ok(count as u32)
}

/// Waits until no CPU runs the probe any more: programs run under RCU, and a global memory barrier waits for a grace
/// period. <https://github.com/torvalds/linux/blob/v6.12/kernel/sched/membarrier.c#L606>
fn wait_for_running() {
    // SAFETY: the call takes plain numbers and touches no memory of ours.
    let result = unsafe { libc::syscall(libc::SYS_membarrier, libc::MEMBARRIER_CMD_GLOBAL, 0, 0) };
    if result != 0 {
        // Refused on kernels with nohz_full; what still runs is done in far less.
        let pause = rustix::time::Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
        // A signal that cuts it short costs only certainty.
        let _ = rustix::thread::nanosleep(&pause);
    }
}

/// Before 5.11 the kernel charges maps to `RLIMIT_MEMLOCK`, and every program, map and ring is a descriptor. Where a limit
/// can't be raised, what needs it says so itself.
fn raise_limits() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let _ = setrlimit(Resource::Memlock, Rlimit { current: None, maximum: None });
    let maximum = getrlimit(Resource::Nofile).maximum;
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}

fn typed<T: TryFrom<Map, Error = aya::maps::MapError>>(ebpf: &mut Ebpf, name: &str) -> Result<T, ProbeError> {
    let map = ebpf.take_map(name).ok_or_else(|| ProbeError::Missing(format!("map {name}")))?;
    T::try_from(map).map_err(|error| ProbeError::map(name, error))
}

fn program<'a>(ebpf: &'a mut Ebpf, name: &str) -> Result<&'a mut RawTracePoint, ProbeError> {
    let program = ebpf.program_mut(name).ok_or_else(|| ProbeError::Missing(format!("program {name}")))?;
    program.try_into().map_err(|error| ProbeError::program("use", name, error))
}

/// Loads the wanted programs, on as many threads as there are CPUs: the verifier takes most of the start, and works on
/// programs independently.
fn load_programs(ebpf: &mut Ebpf, wanted: &BTreeSet<&str>) -> Result<Vec<ProgramInfo>, ProbeError> {
    let mut found = BTreeSet::new();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut shares: Vec<Vec<(String, &mut RawTracePoint)>> = Vec::new();
    shares.resize_with(threads, Vec::new);
    for (name, program) in ebpf.programs_mut().filter(|(name, _)| wanted.contains(name)) {
        let program = program.try_into().map_err(|error| ProbeError::program("use", name, error))?;
        // Dealt out in turn: neighbours in the order of names cost alike, so that the shares come out even.
        if let Some(share) = shares.get_mut(found.len() % threads) {
            share.push((name.to_owned(), program));
        }
        found.insert(name.to_owned());
    }
    if let Some(missing) = wanted.iter().find(|name| !found.contains(**name)) {
        return Err(ProbeError::Missing(format!("program {missing}")));
    }
    let loaded: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> = shares.into_iter().map(|share| scope.spawn(move || load_share(share))).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    let mut programs = Vec::with_capacity(found.len());
    for share in loaded {
        programs.extend(share?);
    }
    Ok(programs)
}

fn load_share(share: Vec<(String, &mut RawTracePoint)>) -> Result<Vec<ProgramInfo>, ProbeError> {
    share
        .into_iter()
        .map(|(name, program)| {
            program.load().map_err(|error| ProbeError::program("load", &name, error))?;
            let info = program.info().map_err(|error| ProbeError::program("query", &name, error))?;
            Ok(ProgramInfo { name, verified: info.verified_instruction_count(), jited: info.size_jitted() })
        })
        .collect()
}

/// Puts a loaded program into slots of a tail-call array.
fn wire(
    ebpf: &mut Ebpf,
    array: &mut ProgramArray<MapData>,
    array_name: &str,
    name: &str,
    slots: &[u32],
) -> Result<(), ProbeError> {
    let program = program(ebpf, name)?;
    let fd = program.fd().map_err(|error| ProbeError::program("wire", name, error))?;
    slots.iter().try_for_each(|slot| array.set(*slot, fd, 0)).map_err(|error| ProbeError::map(array_name, error))
}
