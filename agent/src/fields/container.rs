// SPDX-License-Identifier: Apache-2.0
//! Fields of the container that the process is in: `container.*`. The id is always there; the rest is missing on the
//! host, and until the runtime has answered.

use std::io::Write as _;

use super::{ArgRule, Field, Type, glob, proc, reference::Arg, value::Value};
use crate::{
    event::Event,
    metadata::container::{Container, Details, Mount},
};

/// The fields.
pub(super) const FIELDS: &[Field] = &[
    Field::of_container("container.id", Type::Charbuf, "the container's id, 12 digits; `host` outside of containers", |e, _| {
        container(e).map_or(HOST, Container::id).into()
    }),
    Field::of_container("container.full_id", Type::Charbuf, "the container's whole id", |e, _| {
        container(e).map(Container::full_id).into()
    }),
    Field::of_container("container.name", Type::Charbuf, "the container's name; `host` outside of containers", |e, _| {
        container(e).map_or(Some(HOST), Container::name).into()
    }),
    Field::of_container("container.type", Type::Charbuf, "the runtime; `host` outside of containers", |e, _| {
        container(e).map_or(HOST, |container| container.runtime().name()).into()
    }),
    Field::of_container("container.image", Type::Charbuf, "the image as it was named", |e, _| {
        details(e).and_then(|details| details.image.as_deref()).into()
    }),
    Field::of_container("container.image.id", Type::Charbuf, "the image's id", |e, _| {
        details(e).and_then(|details| details.image_id.as_deref()).into()
    }),
    Field::of_container("container.image.repository", Type::Charbuf, "the image's name without tag and digest", |e, _| {
        details(e).and_then(|details| details.image_repository.as_deref()).into()
    }),
    Field::of_container("container.image.tag", Type::Charbuf, "the image's tag", |e, _| {
        details(e).and_then(|details| details.image_tag.as_deref()).into()
    }),
    Field::of_container("container.image.digest", Type::Charbuf, "the digest that the registry knows the image by", |e, _| {
        details(e).and_then(|details| details.image_digest.as_deref()).into()
    }),
    Field::of_container("container.privileged", Type::Bool, "whether the container is privileged", |e, _| {
        details(e).and_then(|details| details.privileged).into()
    }),
    Field::of_container("container.host_pid", Type::Bool, "whether the container is in the host's PID namespace", |e, _| {
        details(e).and_then(|details| details.host_pid).into()
    }),
    Field::of_container("container.host_network", Type::Bool, "whether the container is in the host's network namespace", |e, _| {
        details(e).and_then(|details| details.host_network).into()
    }),
    Field::of_container("container.host_ipc", Type::Bool, "whether the container is in the host's IPC namespace", |e, _| {
        details(e).and_then(|details| details.host_ipc).into()
    }),
    Field::of_container("container.ip", Type::Charbuf, "the container's or its pod's address", |e, _| {
        details(e).and_then(|details| details.ip.as_deref()).into()
    }),
    Field::of_container("container.cni.json", Type::Charbuf, "the container's network interfaces as CNI made them, as JSON", |e, _| {
        details(e).and_then(|details| details.cni_json.as_deref()).into()
    }),
    Field::of_process("container.start_ts", Type::Abstime, "when the container was started, in nanoseconds since the epoch", |e, _| {
        started(e).into()
    }),
    Field::of_process("container.duration", Type::Reltime, "nanoseconds since the container was started", |e, _| {
        started(e).and_then(|started| e.time.checked_sub(started)).into()
    }),
    Field::of_container("container.label", Type::Charbuf, "the label of this name of the container", |e, arg| match arg {
        Some(Arg::Key(name)) => details(e).and_then(|details| details.labels.get(&**name)).map(String::as_str).into(),
        Some(Arg::Index(_)) | None => Value::Missing,
    })
    .with(ArgRule::KeyRequired),
    Field::of_container("container.labels", Type::Charbuf, "the container's labels as `name:value`, joined by `, `", |e, _| {
        details(e).map(|details| e.arena.text(|out| labels(details, out))).into()
    }),
    Field::of_container(
        "container.mounts",
        Type::Charbuf,
        "the container's mounts as `source:dest:mode:rdwr:propagation`, joined by commas",
        |e, _| details(e).map(|details| e.arena.text(|out| lines(&details.mounts, out))).into(),
    ),
    Field::of_container(
        "container.mount",
        Type::Charbuf,
        "one of the container's mounts as `source:dest:mode:rdwr:propagation`: by its number or its source, which may be a \
         pattern",
        |e, arg| mount(e, arg, source).map(|mount| e.arena.text(|out| line(mount, out))).into(),
    )
    .with(ArgRule::IndexOrKeyRequired),
    Field::of_container("container.mount.source", Type::Charbuf, "a mount's source, by number or destination", |e, arg| {
        mount(e, arg, dest).map(source).into()
    })
    .with(ArgRule::IndexOrKeyRequired),
    Field::of_container("container.mount.dest", Type::Charbuf, "a mount's destination, by number or source", |e, arg| {
        mount(e, arg, source).map(dest).into()
    })
    .with(ArgRule::IndexOrKeyRequired),
    Field::of_container("container.mount.mode", Type::Charbuf, "a mount's mode, by number or source", |e, arg| {
        mount(e, arg, source).map(|mount| mount.mode.as_str()).into()
    })
    .with(ArgRule::IndexOrKeyRequired),
    Field::of_container("container.mount.rdwr", Type::Charbuf, "`true` for a mount that can be written, by number or source", |e, arg| {
        mount(e, arg, source).map(|mount| if mount.rdwr { "true" } else { "false" }).into()
    })
    .with(ArgRule::IndexOrKeyRequired),
    Field::of_container("container.mount.propagation", Type::Charbuf, "how mounts in a mount propagate, by number or source", |e, arg| {
        mount(e, arg, source).map(|mount| mount.propagation.as_str()).into()
    })
    .with(ArgRule::IndexOrKeyRequired),
];

/// What the host is called where a container's name would be.
const HOST: &str = "host";

fn container<'e>(event: &'e Event<'_>) -> Option<&'e Container> {
    event.container.map(|container| &**container)
}

fn details<'e>(event: &'e Event<'_>) -> Option<&'e Details> {
    container(event)?.details()
}

/// The container's id, for fields that are joined to it.
pub(super) fn id<'e>(event: &'e Event<'_>) -> &'e str {
    container(event).map_or(HOST, Container::id)
}

/// When the container was started: its PID namespace, unless that is the host's; else what the runtime says.
fn started(event: &Event<'_>) -> Option<u64> {
    let details = container(event)?.details();
    let own = details.is_none_or(|details| details.host_pid != Some(true));
    let kernel = if own { proc::pidns_start(event) } else { None };
    kernel.or_else(|| details?.started)
}

fn labels(details: &Details, out: &mut Vec<u8>) {
    // What Kubernetes keeps for itself is left out, as Falco does.
    let own = |name: &str| !name.starts_with("annotation.") && !name.starts_with("io.kubernetes.");
    for (name, value) in details.labels.iter().filter(|(name, _)| own(name)) {
        if !out.is_empty() {
            out.extend_from_slice(b", ");
        }
        out.extend_from_slice(name.as_bytes());
        if !value.is_empty() {
            out.push(b':');
            out.extend_from_slice(value.as_bytes());
        }
    }
}

fn lines(mounts: &[Mount], out: &mut Vec<u8>) {
    for (i, mount) in mounts.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        line(mount, out);
    }
}

fn line(mount: &Mount, out: &mut Vec<u8>) {
    let Mount { source, dest, mode, rdwr, propagation } = mount;
    let _ = write!(out, "{source}:{dest}:{mode}:{rdwr}:{propagation}");
}

fn source(mount: &Mount) -> &str {
    &mount.source
}

fn dest(mount: &Mount) -> &str {
    &mount.dest
}

/// The mount that `arg` names: by its number, or by a pattern of what `by` has.
fn mount<'e>(event: &'e Event<'_>, arg: Option<&Arg>, by: fn(&Mount) -> &str) -> Option<&'e Mount> {
    let mounts = &details(event)?.mounts;
    match arg? {
        Arg::Index(n) => mounts.get(*n as usize),
        Arg::Key(pattern) => mounts.iter().find(|mount| glob::matches(pattern.as_bytes(), by(mount).as_bytes(), false)),
    }
}
