// SPDX-License-Identifier: Apache-2.0
//! The API of Docker, which Podman speaks as well: <https://docs.docker.com/reference/api/engine/>.

mod replies;

use std::path::Path;

use http_body_util::Empty;
use hyper::{
    Request, StatusCode,
    body::Bytes,
    client::conn::http1::{self, SendRequest},
    header::{ACCEPT, HOST},
};
use serde::de::DeserializeOwned;

use self::replies::{Container, Image};
use super::{
    details::{Details, Mount, Pod, labels, text},
    exchange,
    reason::{Failure, Reason},
};
use crate::metadata::container::MAX_MOUNTS;

/// Asks the runtime at `socket` about the container `id`.
pub(super) async fn inspect(socket: &Path, id: &str) -> Result<Details, Failure> {
    if !is_path_safe(id) {
        return Err(Failure::new(Reason::NotFound, "no id that Docker gives"));
    }
    let (mut sender, connection) =
        http1::handshake(exchange::connect(socket).await?).await.map_err(Failure::refused)?;
    let mut driver = tokio::task::JoinSet::new();
    driver.spawn(connection);
    let container: Container = get(&mut sender, &format!("/containers/{id}/json")).await?;
    // The image only adds what its name lacks, so that it may be missing.
    let image = match container.image.as_deref().filter(|image| is_path_safe(image)) {
        Some(image) => get(&mut sender, &format!("/images/{image}/json")).await.unwrap_or_default(),
        None => Image::default(),
    };
    Ok(describe(container, &image))
}

/// Whether an id can go into a URL. A container's may be whatever a cgroup was called, an image's comes from an answer.
fn is_path_safe(id: &str) -> bool {
    id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'-' | b'_'))
}

async fn get<T: DeserializeOwned>(sender: &mut SendRequest<Empty<Bytes>>, path: &str) -> Result<T, Failure> {
    let request = Request::get(path)
        .header(HOST, "localhost")
        .header(ACCEPT, "application/json")
        .body(Empty::new())
        .map_err(Failure::malformed)?;
    sender.ready().await.map_err(Failure::refused)?;
    let reply = sender
        .send_request(request)
        .await
        .map_err(|error| if error.is_parse() { Failure::malformed(error) } else { Failure::refused(error) })?;
    match reply.status() {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => return Err(Failure::new(Reason::NotFound, path)),
        status => return Err(Failure::refused(status)),
    }
    let (body, _) = exchange::read(reply.into_body()).await?;
    serde_json::from_slice(&body).map_err(Failure::malformed)
}

/// The answers about a container and about its image, one behind the other.
#[cfg(any(test, feature = "fuzz"))]
pub(crate) fn fuzz(bytes: &[u8]) {
    let (container, image) = crate::fuzz::halves(bytes);
    if let Ok(container) = serde_json::from_slice(container) {
        describe(container, &serde_json::from_slice(image).unwrap_or_default()).assert_bounded();
    }
}

fn describe(container: Container, image: &Image) -> Details {
    let config = container.config.unwrap_or_default();
    let host = container.host_config.unwrap_or_default();
    let all = config.labels.unwrap_or_default();
    let is_host = |mode: Option<String>| mode.map(|mode| mode == "host");
    let mut details = Details {
        name: container.name.map(|name| name.trim_start_matches('/').to_owned()).and_then(text),
        image_id: container.image.as_deref().map(|id| id.strip_prefix("sha256:").unwrap_or(id)).and_then(text),
        pod: Pod::of_labels(|name| all.get(name)),
        mounts: container.mounts.unwrap_or_default().into_iter().take(MAX_MOUNTS).map(Mount::from).collect(),
        privileged: host.privileged,
        started: container.state.and_then(|state| state.started_at).as_deref().and_then(nanos),
        ip: container.network_settings.and_then(replies::Network::address).and_then(text),
        host_pid: is_host(host.pid_mode),
        host_network: is_host(host.network_mode),
        host_ipc: is_host(host.ipc_mode),
        ..Details::default()
    };
    details.set_image(&config.image.unwrap_or_default(), None);
    complete(&mut details, image);
    details.labels = labels(all);
    details
}

/// Adds what the registry calls an image, where its name does not say.
fn complete(details: &mut Details, image: &Image) {
    let digests = || image.repo_digests.iter().flatten().filter_map(|name| super::Image::parse(name));
    let tags = || image.repo_tags.iter().flatten().filter_map(|name| super::Image::parse(name));
    if details.image_repository.is_none() {
        details.image_repository = digests().chain(tags()).next().and_then(|image| text(image.repository));
    }
    let Some(repository) = details.image_repository.clone() else {
        return;
    };
    let same = |image: &super::Image<'_>| image.repository == repository;
    if details.image_tag.is_none() && details.image_digest.is_none() {
        details.image_tag = tags().find(same).and_then(|image| image.tag).and_then(text);
    }
    if details.image_digest.is_none() {
        // Podman's names have a registry where Docker's may not; the only digest there is can't be another image's.
        let only = || digests().next().filter(|_| digests().count() == 1);
        details.image_digest = digests().find(same).or_else(only).and_then(|image| image.digest).and_then(text);
    }
}

/// Nanoseconds since the epoch of an RFC 3339 time; `None` for the year 1 that stands for "not yet".
fn nanos(time: &str) -> Option<u64> {
    let (local, offset) = match time.strip_suffix('Z') {
        Some(local) => (local, 0),
        None => zoned(time)?,
    };
    let since = humantime::parse_rfc3339(&format!("{local}Z")).ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    let nanos = i128::try_from(since.as_nanos()).ok()? - i128::from(offset) * 1_000_000_000;
    u64::try_from(nanos).ok()
}

/// Splits a time from its zone, and gives that in seconds east of Greenwich.
fn zoned(time: &str) -> Option<(&str, i64)> {
    let (local, zone) = time.split_at_checked(time.len().checked_sub("+00:00".len())?)?;
    let (hours, minutes) = zone.split_once(':')?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    Some((local, hours * 3600 + sign * minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::{Container, Image, describe, nanos};

    #[test]
    fn times_of_all_zones() {
        for (time, expected) in [
            ("1970-01-01T00:00:01Z", Some(1_000_000_000)),
            ("1970-01-01T01:00:01.000000005+01:00", Some(1_000_000_005)),
            ("1969-12-31T20:30:01-03:30", None),
            ("1970-01-01T20:30:01-03:30", Some(86_401_000_000_000)),
            ("0001-01-01T00:00:00Z", None),
            ("", None),
            ("é:00", None),
            ("2026-01-01T00:00:00", None),
            ("2026-01-01T00:00:00+zz:00", None),
        ] {
            assert_eq!(nanos(time), expected, "{time}");
        }
    }

    #[test]
    fn an_image_is_named_by_who_knows_it() {
        let image = |json: &str| serde_json::from_str::<Image>(json).expect("an image");
        let named = |name: &str, image: &Image| {
            let container = format!(r#"{{"Config":{{"Image":"{name}","Labels":null}},"Mounts":null}}"#);
            let details = describe(serde_json::from_str::<Container>(&container).expect("a container"), image);
            [details.image_repository, details.image_tag, details.image_digest].map(Option::unwrap_or_default)
        };
        let known =
            image(r#"{"RepoTags":["r:5/a:1","nginx:latest"],"RepoDigests":["r:5/a@sha256:aa","nginx@sha256:bb"]}"#);
        assert_eq!(named("nginx", &known), ["nginx", "latest", "sha256:bb"]);
        assert_eq!(named("r:5/a:old", &known), ["r:5/a", "old", "sha256:aa"]);
        assert_eq!(named("nginx@sha256:cc", &known), ["nginx", "", "sha256:cc"]);
        assert_eq!(named("sha256:dd", &known), ["r:5/a", "1", "sha256:aa"]);
        assert_eq!(named("other", &known), ["other", "", ""]);
        assert_eq!(named("nginx", &Image::default()), ["nginx", "", ""]);
        assert_eq!(
            named("nginx", &image(r#"{"RepoTags":null,"RepoDigests":["docker.io/library/nginx@sha256:ee"]}"#)),
            ["nginx", "", "sha256:ee"]
        );
    }
}
