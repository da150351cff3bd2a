// SPDX-License-Identifier: Apache-2.0
//! Fetches files over HTTP: bounded in size and time, tried again where that helps, over plain HTTP only from this machine.

mod error;
mod tls;

use std::{
    fmt,
    hash::{BuildHasher as _, RandomState},
    io::Read as _,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use indicatif::{ProgressBar, ProgressStyle};
use ureq::{
    Body,
    http::{HeaderName, HeaderValue, Response, header},
};

pub use self::error::{HttpError, Why};
use super::{address::Address, manifest::shown, proxy::Proxies};

/// How often something is asked for.
const TRIES: u32 = 4;
/// The first pause between two tries; each is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause that a server may ask for.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// How long a connection may take, and how long a server may then keep silent.
const PATIENCE: Duration = Duration::from_secs(15);
/// How many redirections are followed.
const REDIRECTIONS: usize = 5;
/// Bytes of a reply's header.
const MAX_HEADER: usize = 64 << 10;
/// Bytes that are read at once.
const CHUNK: usize = 64 << 10;

/// What is shown of a file that comes.
const STYLE: &str = "{msg} {bytes}/{total_bytes} {bytes_per_sec}";

/// How files are fetched.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The longest that one try may take.
    pub timeout: Duration,
    /// Also over plain HTTP from elsewhere.
    pub insecure: bool,
    /// Headers for the servers that are named, not for those that they lead to: `Name: value`.
    pub headers: Vec<String>,
    /// A file with more certificates that vouch for servers, as PEM.
    pub ca: Option<PathBuf>,
    /// The proxies.
    pub proxies: Proxies,
    /// Whether to show how far a large file is, on a terminal.
    pub progress: bool,
}

/// A client.
pub struct Client {
    settings: Settings,
    headers: Vec<(HeaderName, HeaderValue)>,
    agent: ureq::Agent,
    pause: Pause,
}

/// Waits.
type Pause = Box<dyn Fn(Duration) + Send + Sync>;

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("timeout", &self.settings.timeout).finish_non_exhaustive()
    }
}

/// Why a try failed, and where, if that is elsewhere.
type Failure = (Why, Option<String>);

/// What is wanted of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Want {
    /// All of it, at most so many bytes.
    Content { limit: u64 },
    /// Whether it is there.
    Presence,
}

impl Client {
    /// A client with these settings.
    ///
    /// # Errors
    /// When a header is none, or the certificates can't be read.
    pub fn new(settings: Settings) -> Result<Self, HttpError> {
        Self::pausing(settings, Box::new(super::pause))
    }

    /// A client that waits between tries as `pause` does.
    pub(super) fn pausing(settings: Settings, pause: Pause) -> Result<Self, HttpError> {
        let headers = settings.headers.iter().map(|line| header(line)).collect::<Result<_, _>>()?;
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_response_header_size(MAX_HEADER)
            .proxy(None)
            .timeout_global(Some(settings.timeout))
            .timeout_connect(Some(PATIENCE))
            .timeout_recv_response(Some(PATIENCE))
            .timeout_per_read(Some(PATIENCE))
            .tls_config(tls::config(settings.ca.as_deref())?)
            .user_agent(concat!("lanner/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Ok(Self { settings, headers, agent, pause })
    }

    /// Fetches a file of at most `limit` bytes. `name` is shown while it comes, if it may be large.
    ///
    /// # Errors
    /// When it can't be had.
    pub fn get(&self, address: &Address, limit: u64, name: Option<&str>) -> Result<Vec<u8>, HttpError> {
        self.ask(address, Want::Content { limit }, name)
    }

    /// Looks whether a file is there.
    ///
    /// # Errors
    /// When it is not, or that can't be told.
    pub fn find(&self, address: &Address) -> Result<(), HttpError> {
        self.ask(address, Want::Presence, None).map(drop)
    }

    fn ask(&self, address: &Address, want: Want, name: Option<&str>) -> Result<Vec<u8>, HttpError> {
        let mut tries = 1;
        loop {
            let (why, at) = match self.attempt(address, want, name) {
                Ok(bytes) => return Ok(bytes),
                Err(failure) => failure,
            };
            let asked = why.asks_to_wait();
            if tries == TRIES || !why.may_pass() || asked.is_some_and(|time| time > LONGEST_PAUSE) {
                return Err(HttpError { url: address.to_string(), at, why, tries });
            }
            let pause = asked.unwrap_or_else(|| backoff(tries));
            tracing::debug!("{address}: {why}; trying again in {}", humantime::format_duration(pause));
            (self.pause)(pause);
            tries += 1;
        }
    }

    /// Asks once, and follows redirections.
    fn attempt(&self, address: &Address, want: Want, name: Option<&str>) -> Result<Vec<u8>, Failure> {
        let mut at = address.clone();
        for _ in 0..=REDIRECTIONS {
            let elsewhere = || (at != *address).then(|| at.to_string());
            if !at.is_https() && !at.is_loopback() && !self.settings.insecure {
                return Err((Why::Plain, elsewhere()));
            }
            let response = self.send(&at, at.is_same_server(address)).map_err(|why| (why, elsewhere()))?;
            let status = response.status();
            if !status.is_redirection() || status.as_u16() == 304 {
                return self.take(response, want, name).map_err(|why| (why, elsewhere()));
            }
            let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
            let next = location.ok_or_else(|| (Why::Nowhere, elsewhere()))?;
            let next = at.join(next).map_err(|error| (Why::BadLocation(error), elsewhere()))?;
            if at.is_https() && !next.is_https() {
                return Err((Why::Downgraded, Some(next.to_string())));
            }
            at = next;
        }
        Err((Why::Redirections, Some(at.to_string())))
    }

    fn send(&self, at: &Address, trusted: bool) -> Result<Response<Body>, Why> {
        let mut request = self.agent.get(at.request());
        if trusted {
            for (name, value) in &self.headers {
                request = request.header(name, value);
            }
            if let Some(value) = at.authorization() {
                request = request.header(header::AUTHORIZATION, value);
            }
        }
        let proxy = match self.settings.proxies.choose(at) {
            // What the proxy is may have a password in it.
            Some(proxy) => Some(ureq::Proxy::new(proxy).map_err(|_why| Why::Proxy)?),
            None => None,
        };
        request.config().proxy(proxy).build().call().map_err(Why::of)
    }

    /// Takes what was asked for out of the final response.
    fn take(&self, response: Response<Body>, want: Want, name: Option<&str>) -> Result<Vec<u8>, Why> {
        let status = response.status().as_u16();
        if status != 200 {
            let after = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
            return Err(Why::Status { status, after: after.and_then(retry_after) });
        }
        let Want::Content { limit } = want else { return Ok(Vec::new()) };
        let (_, body) = response.into_parts();
        let said = body.content_length();
        if let Some(size) = said.filter(|size| *size > limit) {
            return Err(Why::TooLarge { limit, size: Some(size) });
        }
        let bar = self.bar(name, said);
        // One byte more, to see that there is more.
        let mut reader = body.into_reader().take(limit.saturating_add(1));
        let mut bytes = Vec::with_capacity(said.unwrap_or(0).min(1 << 20) as usize);
        let mut chunk = vec![0; CHUNK];
        loop {
            let read = reader.read(&mut chunk).map_err(|error| Why::Cut {
                got: bytes.len(),
                said,
                error: Why::words(error),
            })?;
            bytes.extend_from_slice(chunk.get(..read).unwrap_or_default());
            bar.inc(read as u64);
            if bytes.len() as u64 > limit {
                return Err(Why::TooLarge { limit, size: None });
            }
            if read == 0 {
                break;
            }
        }
        bar.finish_and_clear();
        match said {
            Some(size) if size != bytes.len() as u64 => {
                Err(Why::Cut { got: bytes.len(), said, error: "the connection ended".to_owned() })
            }
            Some(_) | None => Ok(bytes),
        }
    }

    /// How far a file is; shown on a terminal only.
    fn bar(&self, name: Option<&str>, size: Option<u64>) -> ProgressBar {
        let Some(name) = name.filter(|_| self.settings.progress) else { return ProgressBar::hidden() };
        let bar = size.map_or_else(ProgressBar::no_length, ProgressBar::new);
        // Written here, and tried by a test.
        let style = ProgressStyle::with_template(STYLE).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.with_style(style).with_message(name.to_owned())
    }
}

/// `Name: value`
fn header(line: &str) -> Result<(HeaderName, HeaderValue), HttpError> {
    let bad = || HttpError::of_settings(Why::Header(name_of(line)));
    let (name, value) = line.split_once(':').ok_or_else(bad)?;
    let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_why| bad())?;
    let value = HeaderValue::from_str(value.trim()).map_err(|_why| bad())?;
    Ok((name, value))
}

/// A header's name, to speak of it: its value may be a secret.
fn name_of(line: &str) -> String {
    shown(line.split(':').next().unwrap_or_default(), 40)
}

/// Twice as long after each try, of which a random half is left out, so that many agents do not ask at once.
fn backoff(tries: u32) -> Duration {
    let whole = FIRST_PAUSE.saturating_mul(1 << tries.saturating_sub(1).min(8));
    let random = RandomState::new().hash_one(tries) % 1000;
    whole / 2 + whole.mul_f64(random as f64 / 2000.0)
}

/// `Retry-After`: seconds, or a date.
fn retry_after(value: &str) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}

#[cfg(test)]
mod tests;
