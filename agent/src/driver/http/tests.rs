// SPDX-License-Identifier: Apache-2.0
//! Servers with bad manners.

use std::sync::{Arc, Mutex};

use super::*;
use crate::driver::testing::{
    Folder, http_settings as settings,
    server::{Reply, Server, nobody},
};

/// A client that does not wait, and the pauses it would have made.
fn client_of(settings: Settings) -> (Client, Arc<Mutex<Vec<Duration>>>) {
    let pauses = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&pauses);
    let client = Client::pausing(settings, Box::new(move |time| kept.lock().expect("no panic").push(time)));
    (client.expect("a client"), pauses)
}

fn client() -> (Client, Arc<Mutex<Vec<Duration>>>) {
    client_of(settings())
}

fn address(text: &str) -> Address {
    text.parse().expect(text)
}

fn error(server: &Server, limit: u64) -> String {
    let (client, _) = client();
    client.get(&address(&server.url("/x")), limit, None).expect_err("an error").to_string()
}

#[test]
fn a_file_is_fetched() {
    let body: Vec<u8> = (0..200_000_u32).map(|n| n as u8).collect();
    let served = body.clone();
    let server = Server::start(move |_, _| Reply::ok(&served));
    let (client, pauses) = client();
    assert_eq!(client.get(&address(&server.url("/a%2Bb/c~d.o")), 200_000, Some("x")).expect("a file"), body);
    assert_eq!(server.paths(), ["/a%2Bb/c~d.o"], "as it was written");
    let agent = format!("user-agent: lanner/{}", env!("CARGO_PKG_VERSION"));
    assert!(server.requests()[0].headers.contains(&agent), "{:?}", server.requests());
    client.find(&address(&server.url("/x"))).expect("it is there");
    assert!(pauses.lock().expect("no panic").is_empty());
}

#[test]
fn a_file_of_no_length_is_fetched_to_its_end() {
    let server = Server::start(|_, _| Reply::raw("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it"));
    let (client, _) = client();
    assert_eq!(client.get(&address(&server.url("/")), 100, None).expect("a file"), b"all of it");
    assert!(error(&server, 5).contains("more than the 5 bytes"));
}

#[test]
fn a_file_in_pieces_is_put_together() {
    let whole = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nall \r\n5\r\nof it\r\n";
    let server = Server::start(move |_, _| Reply::raw(&format!("{whole}0\r\n\r\n")));
    let (client, _) = client();
    assert_eq!(client.get(&address(&server.url("/")), 9, None).expect("a file"), b"all of it");
    assert!(error(&server, 8).contains("more than the 8 bytes"));
    let server = Server::start(move |_, _| Reply::raw(whole));
    let error = error(&server, 9);
    assert!(error.contains("ended after 9 bytes") && error.contains("4 tries"), "{error}");
}

#[test]
fn what_is_not_there_is_asked_for_once() {
    for (status, word) in
        [(404, "HTTP 404 Not Found"), (403, "HTTP 403 Forbidden"), (400, "HTTP 400"), (304, "HTTP 304")]
    {
        let server = Server::start(move |_, _| Reply::status(status));
        let (client, _) = client();
        let error = client.get(&address(&server.url("/x")), 9, None).expect_err("an error");
        assert!(error.to_string().contains(word) && !error.to_string().contains("tries"), "{error}");
        assert_eq!(error.is_missing(), status == 404);
        assert!(!error.is_of_server());
        assert_eq!(error.remedy().is_some(), status == 403);
        assert_eq!(server.requests().len(), 1, "{status}");
    }
}

#[test]
fn a_server_with_trouble_is_asked_again() {
    for status in [429, 500, 502, 503, 504] {
        let server = Server::start(move |_, nth| if nth < 3 { Reply::status(status) } else { Reply::ok(b"at last") });
        let (client, pauses) = client();
        assert_eq!(client.get(&address(&server.url("/x")), 9, None).expect("a file"), b"at last");
        let pauses = pauses.lock().expect("no panic").clone();
        assert_eq!(pauses.len(), 3);
        for (pause, most) in pauses.iter().zip([250, 500, 1000]) {
            let most = Duration::from_millis(most);
            assert!(*pause >= most / 2 && *pause <= most, "{pauses:?}");
        }
    }
    let server = Server::start(|_, _| Reply::status(500));
    assert!(error(&server, 9).ends_with("HTTP 500 Internal Server Error, after 4 tries"));
    assert_eq!(server.requests().len(), 4);
}

#[test]
fn a_server_may_say_when_to_come_back() {
    let later = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(59));
    let date = format!("Retry-After: {later}");
    let server = Server::start(move |_, nth| match nth {
        0 => Reply::of(429, &["Retry-After: 7"], b""),
        1 => Reply::of(503, &[&date], b""),
        2 => Reply::of(503, &["Retry-After: soon"], b""),
        _ => Reply::ok(b"x"),
    });
    let (client, pauses) = client();
    client.get(&address(&server.url("/x")), 9, None).expect("a file");
    let pauses = pauses.lock().expect("no panic").clone();
    assert_eq!(pauses[0], Duration::from_secs(7));
    // More than it would have waited by itself.
    assert!(pauses[1] > Duration::from_secs(1) && pauses[1] <= Duration::from_secs(59), "{pauses:?}");
    assert!(pauses[2] <= Duration::from_secs(1), "{pauses:?}");
    // Nobody waits for an hour.
    let server = Server::start(|_, _| Reply::of(429, &["Retry-After: 3600"], b""));
    assert!(error(&server, 9).contains("HTTP 429 Too Many Requests, to be asked again in 1h"));
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_cut_file_is_begun_anew() {
    let cut = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\n1234";
    let server = Server::start(move |_, nth| if nth == 0 { Reply::raw(cut) } else { Reply::ok(b"0123456789") });
    let (client, _) = client();
    assert_eq!(client.get(&address(&server.url("/x")), 10, None).expect("a file"), b"0123456789");
    let server = Server::start(move |_, _| Reply::raw(cut));
    let error = error(&server, 10);
    assert!(error.contains("after 4 of 10 bytes") && error.contains("4 tries"), "{error}");
}

#[test]
fn what_is_too_large_is_not_taken() {
    let server = Server::start(|_, _| Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx").and_hold());
    assert_eq!(error(&server, 1000), "it has 99999999999 bytes, more than the 1000 it may have");
    // One that says less than it sends: what is behind is not part of the file.
    let server =
        Server::start(|_, _| Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n12345"));
    let (client, _) = client();
    assert_eq!(client.get(&address(&server.url("/x")), 9, None).expect("a file"), b"123");
    let endless = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(1 << 20));
    let server = Server::start(move |_, _| Reply::raw(&endless));
    assert!(error(&server, 9).contains("not reached"));
}

#[test]
fn a_slow_server_is_given_up() {
    let part = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n1234";
    for reply in [Reply::raw(part).and_hold(), Reply::raw("").and_hold()] {
        let server = Server::start(move |_, _| reply.clone());
        let (client, _) = client_of(Settings { timeout: Duration::from_millis(150), ..settings() });
        let error = client.get(&address(&server.url("/x")), 10, None).expect_err("an error").to_string();
        // Of all times that bound a request it is the shortest that ran out.
        assert!(error.contains("too long (global)") && error.contains("4 tries"), "{error}");
    }
}

#[test]
fn a_server_that_is_not_there() {
    let (_connection, gone) = nobody();
    let (client, _) = client();
    let error = client.get(&address(&format!("http://{gone}/x")), 10, None).expect_err("an error");
    assert!(error.is_of_server() && error.to_string().contains("refused"), "{error}");
    assert!(error.remedy().expect("a remedy").contains("NO_PROXY"));
    let server = Server::start(|_, _| Reply::raw("SSH-2.0-OpenSSH_9.6\r\n"));
    assert!(self::error(&server, 9).contains("not reached"));
}

#[test]
fn redirections_are_followed() {
    let server = Server::start(|request, _| match request.path.as_str() {
        "/a/x" => Reply::to("/b"),
        "/b" => Reply::to("c?d#e"),
        "/c?d" => Reply::ok(b"here"),
        "/loop" => Reply::to("/loop"),
        "/nowhere" => Reply::status(302),
        "/odd" => Reply::to("gopher://x/"),
        _ => Reply::status(404),
    });
    let (client, _) = client();
    let get = |path: &str| client.get(&address(&server.url(path)), 9, None);
    assert_eq!(get("/a/x").expect("a file"), b"here");
    let error = |path| get(path).expect_err(path).to_string();
    assert!(error("/loop").contains("without end"));
    assert!(error("/nowhere").contains("does not say where"));
    assert!(error("/odd").contains("gopher://x/ is no URL"));
}

#[test]
fn what_is_for_one_server_is_not_told_to_another() {
    let there = Server::start(|_, _| Reply::ok(b"there"));
    let location = there.url("/y");
    let here =
        Server::start(move |request, _| if request.path == "/x" { Reply::to("/z") } else { Reply::to(&location) });
    let (client, _) = client_of(Settings { headers: vec!["X-Token: secret".to_owned()], ..settings() });
    let url = here.url("/x").replace("http://", "http://me:pw@");
    assert_eq!(client.get(&address(&url), 9, None).expect("a file"), b"there");
    for request in here.requests() {
        assert!(request.headers.contains(&"x-token: secret".to_owned()), "{request:?}");
        assert!(request.headers.contains(&"authorization: basic bwu6chc=".to_owned()), "{request:?}");
    }
    let requests = there.requests();
    let [request] = requests.as_slice() else { unreachable!("one request") };
    let told = |name: &str| request.headers.iter().any(|line| line.starts_with(name));
    assert!(!told("x-token") && !told("authorization"), "{request:?}");
}

#[test]
fn plain_http_is_for_this_machine() {
    let (client, _) = client();
    let error = client.get(&address("http://192.0.2.1/x"), 9, None).expect_err("an error");
    assert!(error.to_string().contains("plain http from another machine") && error.is_of_server());
    assert!(error.remedy().expect("a remedy").contains("--insecure-probe"));
    let server = Server::start(|_, _| Reply::to("http://192.0.2.1/y"));
    let error = self::error(&server, 9);
    assert!(error.contains("plain http") && error.ends_with("(redirected to http://192.0.2.1/y)"), "{error}");
}

#[test]
fn a_proxy_is_asked_for_others() {
    let proxy = Server::start(|_, _| Reply::ok(b"by proxy"));
    let url = proxy.url("");
    let proxies = Proxies::of(|name| (name == "http_proxy").then(|| url.clone()));
    let (client, _) = client_of(Settings { insecure: true, proxies, ..settings() });
    assert_eq!(client.get(&address("http://192.0.2.1/x"), 9, None).expect("a file"), b"by proxy");
    assert_eq!(proxy.paths(), ["192.0.2.1:80/x"]);
    let direct = Server::start(|_, _| Reply::ok(b"direct"));
    assert_eq!(client.get(&address(&direct.url("/x")), 9, None).expect("a file"), b"direct");
    let proxies = Proxies::of(|name| (name == "http_proxy").then(|| "://".to_owned()));
    let (client, _) = client_of(Settings { insecure: true, proxies, ..settings() });
    let error = client.get(&address("http://192.0.2.1/x"), 9, None).expect_err("an error");
    assert!(error.to_string().contains("the proxy that the environment names"), "{error}");
}

#[test]
fn wrong_settings_are_told_at_once() {
    let folder = Folder::new();
    let wrong = |change: fn(&mut Settings, &Folder)| {
        let mut settings = settings();
        change(&mut settings, &folder);
        Client::new(settings).expect_err("an error").to_string()
    };
    let error = wrong(|settings, _| settings.headers.push("token secret".to_owned()));
    assert!(error.contains("--http-header"), "{error}");
    let error = wrong(|settings, _| settings.headers.push("X-Token: sec\nret".to_owned()));
    assert!(error.contains("\"X-Token\"") && !error.contains("sec"), "{error}");
    assert!(wrong(|settings, folder| settings.ca = Some(folder.join("none"))).contains("can't read certificates"));
    // It has no size, and no end.
    assert!(wrong(|settings, _| settings.ca = Some("/dev/zero".into())).contains("more than 4194304 bytes"));
    std::fs::write(folder.join("ca"), "words").expect("a file");
    assert!(wrong(|settings, folder| settings.ca = Some(folder.join("ca"))).contains("no certificate as PEM"));
}

#[test]
fn a_server_that_can_not_prove_who_it_is() {
    let server = Server::start(|_, _| Reply::raw("HTTP/1.1 400 Bad\r\n\r\n"));
    let (client, _) = client();
    let url = server.url("/x").replace("http://", "https://");
    let error = client.get(&address(&url), 9, None).expect_err("an error");
    assert!(error.is_of_server(), "{error}");
    assert!(server.requests().is_empty());
}

#[test]
fn a_certificate_of_a_file_vouches_for_a_server() {
    let (server, certificate) = Server::secure("127.0.0.1", |_, _| Reply::ok(b"secret"));
    let url = address(&server.url("/x").replace("http://", "https://"));
    let error = client().0.get(&url, 9, None).expect_err("nobody vouches for it");
    assert!(error.is_of_server() && error.to_string().contains("can't prove who it is"), "{error}");
    assert!(error.remedy().expect("a remedy").contains("--http-ca"));
    assert!(server.requests().is_empty());
    let folder = Folder::new();
    std::fs::write(folder.join("ca.pem"), certificate).expect("a file");
    let (client, _) = client_of(Settings { ca: Some(folder.join("ca.pem")), ..settings() });
    assert_eq!(client.get(&url, 9, None).expect("a file"), b"secret");
}

#[test]
fn what_is_encrypted_stays_so() {
    let plain = Server::start(|_, _| Reply::ok(b"plain"));
    let to = plain.url("/y");
    let (server, certificate) = Server::secure("127.0.0.1", move |_, _| Reply::to(&to));
    let folder = Folder::new();
    std::fs::write(folder.join("ca.pem"), certificate).expect("a file");
    let (client, _) = client_of(Settings { ca: Some(folder.join("ca.pem")), insecure: true, ..settings() });
    let error = client.get(&address(&server.url("/x").replace("http://", "https://")), 9, None).expect_err("an error");
    assert!(error.to_string().contains("from https to plain http") && error.to_string().contains(&plain.url("/y")));
    assert!(plain.requests().is_empty());
}

#[test]
fn a_proxy_leads_to_servers_that_prove_who_they_are() {
    // It answers as that server, whose name nobody but a proxy knows.
    let (proxy, certificate) = Server::secure("repository.invalid", |_, _| Reply::ok(b"secret"));
    let url = proxy.url("");
    let proxies = Proxies::of(|name| (name == "HTTPS_PROXY").then(|| url.clone()));
    let folder = Folder::new();
    std::fs::write(folder.join("ca.pem"), certificate).expect("a file");
    let (client, _) = client_of(Settings { ca: Some(folder.join("ca.pem")), proxies, ..settings() });
    assert_eq!(client.get(&address("https://repository.invalid/x"), 9, None).expect("a file"), b"secret");
    assert_eq!(proxy.paths(), ["repository.invalid:443/x"]);
    let error = client.get(&address("https://another.invalid/x"), 9, None).expect_err("an error");
    assert!(error.to_string().contains("can't prove who it is"), "{error}");
}

#[test]
fn the_style_of_progress_is_one() {
    assert!(ProgressStyle::with_template(STYLE).is_ok());
}
