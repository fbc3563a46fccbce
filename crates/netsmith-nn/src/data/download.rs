//! Fetching a published file over plain HTTP.
//!
//! What is fetched this way is compared with a known SHA-256, so that nothing
//! on the way can change it unseen.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// How long to wait for the connection and for each piece.
const PATIENCE: Duration = Duration::from_secs(20);

/// The environment variable that names a proxy, as in other programs.
const PROXY: &str = "http_proxy";

/// The body of the answer to `GET http://HOST/PATH`, at most `limit` bytes.
///
/// # Errors
/// There is no connection, or the answer is not a whole file.
pub(super) fn fetch(host: &str, path: &str, limit: u64) -> io::Result<Vec<u8>> {
    let proxy = std::env::var(PROXY).ok().filter(|proxy| !proxy.is_empty());
    match proxy {
        None => fetch_from(&with_port(host), host, path, limit),
        Some(proxy) => {
            let at = proxy.strip_prefix("http://").unwrap_or(&proxy);
            let at = with_port(at.trim_end_matches('/'));
            fetch_from(&at, host, &format!("http://{host}{path}"), limit)
        }
    }
}

fn with_port(host: &str) -> String {
    match host.contains(':') {
        true => host.to_owned(),
        false => format!("{host}:80"),
    }
}

/// Asks the server at an address for what `target` names.
fn fetch_from(address: &str, host: &str, target: &str, limit: u64) -> io::Result<Vec<u8>> {
    let mut stream = connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET {target} HTTP/1.0\r\nHost: {host}\r\nUser-Agent: netsmith/{}\r\n\r\n",
        env!("CARGO_PKG_VERSION")
    )?;
    let mut answer = BufReader::new(stream);
    let status = line(&mut answer)?;
    if status.split(' ').nth(1) != Some("200") {
        return Err(io::Error::other(format!("the server says `{status}`")));
    }
    let mut length = None;
    loop {
        let header = line(&mut answer)?;
        if header.is_empty() {
            break;
        }
        if let Some((name, value)) = header.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse::<u64>().ok();
        }
    }
    let mut body = Vec::new();
    answer.take(limit + 1).read_to_end(&mut body)?;
    let read = body.len() as u64;
    if read > limit {
        return Err(io::Error::other(format!(
            "it sends more than {limit} bytes"
        )));
    }
    match length {
        Some(length) if length != read => Err(io::Error::other(format!(
            "the connection ended after {read} of {length} bytes"
        ))),
        _ => Ok(body),
    }
}

fn connect(address: &str) -> io::Result<TcpStream> {
    let mut last = io::Error::other("the name has no address");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// A line of the head, without its end.
fn line(answer: &mut impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    // No line of a head is longer.
    answer.take(16_384).read_until(b'\n', &mut line)?;
    let line = String::from_utf8_lossy(&line);
    Ok(line.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// What comes of a server on this machine that gives this answer.
    fn answered(answer: &'static [u8], limit: u64) -> (io::Result<Vec<u8>>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
        let address = listener.local_addr().expect("it has one").to_string();
        let server = std::thread::spawn(move || {
            let (stream, _) = listener.accept().expect("somebody comes");
            let mut request = BufReader::new(stream);
            let asked = line(&mut request).expect("it asks");
            while !line(&mut request).expect("it asks").is_empty() {}
            // The client may have seen enough.
            let _ = request.into_inner().write_all(answer);
            asked
        });
        let found = fetch_from(&address, "example.org", "/file", limit);
        (found, server.join().expect("it does not panic"))
    }

    #[test]
    fn whole_files_come_through_and_others_are_errors() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody";
        let (found, asked) = answered(whole, 4);
        assert_eq!(found.expect("it is whole"), b"body");
        assert_eq!(asked, "GET /file HTTP/1.0");
        let message = |answer, limit| {
            let (found, _) = answered(answer, limit);
            found.expect_err("it is not whole").to_string()
        };
        assert_eq!(message(whole, 3), "it sends more than 3 bytes");
        assert_eq!(
            message(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nbody", 9),
            "the connection ended after 4 of 9 bytes"
        );
        assert_eq!(
            message(b"HTTP/1.1 404 Not Found\r\n\r\n", 9),
            "the server says `HTTP/1.1 404 Not Found`"
        );
    }
}
