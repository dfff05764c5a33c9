//! Why a request failed, in one line.
//!
//! The client's errors are of few kinds and long texts: what it asked for with its URL, what the server answered with the
//! whole body, or that it could not send, without saying why. The causes below them tell the rest.

use std::error::Error as StdError;
use std::fmt;

/// How the client begins to tell of an answer that is no success. The status and the body follow.
const ANSWER: &str = "Server returned non-2xx status code: ";
/// Characters of a cause that are shown.
const SHOWN: usize = 600;
/// Characters of a body that has no form that is known.
const SHOWN_OF_BODY: usize = 200;

/// An error of an object store, told in one line.
#[derive(Debug)]
pub(crate) struct Cause {
    text: String,
    answer: Option<Answer>,
    source: object_store::Error,
}

/// What a server answered in place of a success.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Answer {
    status: u16,
    body: String,
}

impl Cause {
    pub(crate) fn of(source: object_store::Error) -> Self {
        let innermost = innermost(&source);
        let answer = Answer::parse(&innermost);
        let mut text = source.to_string();
        match &answer {
            Some(Answer { body, .. }) if !body.is_empty() => text = text.replace(body, &of_body(body)),
            // Not even the client's own words say that a connection was refused.
            None if !text.contains(&innermost) => text = format!("{text}: {innermost}"),
            _ => {}
        }
        Self { text: one_line(&text, SHOWN), answer, source }
    }

    /// The status of the server's answer, where there was one.
    pub(crate) fn status(&self) -> Option<u16> {
        self.answer.as_ref().map(|answer| answer.status)
    }

    /// Whether the server does not take the credentials, or what they may do is not enough.
    pub(crate) fn says_denied(&self) -> bool {
        use object_store::Error as E;
        matches!(self.source, E::PermissionDenied { .. } | E::Unauthenticated { .. })
            || matches!(self.status(), Some(401 | 403))
            || self.says(400, &["ExpiredToken", "InvalidToken", "TokenRefreshRequired"])
    }

    /// Whether what is missing is the bucket or the container, and not an object in it.
    pub(crate) fn says_no_bucket(&self) -> bool {
        self.says(404, &["NoSuchBucket", "ContainerNotFound", "ContainerBeingDeleted"])
    }

    fn says(&self, status: u16, codes: &[&str]) -> bool {
        let code = self.answer.as_ref().filter(|answer| answer.status == status);
        code.and_then(|answer| element(&answer.body, "Code")).is_some_and(|code| codes.contains(&code))
    }
}

impl Answer {
    fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(ANSWER)?;
        let status = rest.get(..3)?.parse().ok()?;
        let body = rest.split_once(": ").map_or("", |(_, body)| body).to_owned();
        Some(Self { status, body })
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.source()
    }
}

/// The status of the answer that an error tells of, if it does. Keys and hosts may hold any number; this does not look there.
pub(super) fn status_of(error: &object_store::Error) -> Option<u16> {
    Answer::parse(&innermost(error)).map(|answer| answer.status)
}

/// What the last of an error's causes says.
pub(super) fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut last = error;
    while let Some(next) = last.source() {
        last = next;
    }
    last.to_string()
}

/// What a body says, without what only a browser wants.
fn of_body(body: &str) -> String {
    if let Some(code) = element(body, "Code") {
        let message = element(body, "Message").map_or_else(String::new, |message| format!(": {message}"));
        return format!("{code}{message}");
    }
    let lower = body.to_ascii_lowercase();
    if lower.contains("<html") || lower.contains("<!doctype") {
        return element(body, "title").unwrap_or("a page of HTML").to_owned();
    }
    one_line(body, SHOWN_OF_BODY)
}

fn element<'b>(body: &'b str, name: &str) -> Option<&'b str> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text.trim())
}

fn one_line(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn generic(source: impl Into<Box<dyn StdError + Send + Sync>>) -> object_store::Error {
        object_store::Error::Generic { store: "S3", source: source.into() }
    }

    fn answered(status: &str, body: &str) -> Cause {
        Cause::of(generic(format!("{ANSWER}{status}: {body}")))
    }

    #[test]
    fn bodies_are_cut_to_what_they_say() {
        let page =
            "<!DOCTYPE HTML>\n<html>\n<head><title>Error response</title></head>\n<body>x</body></html>\n";
        let xml =
            "<?xml version=\"1.0\"?>\n<Error>\n<Code>SlowDown</Code>\n<Message>be patient</Message></Error>";
        for (body, told) in [
            (page, "503 Service Unavailable: Error response"),
            (xml, "503 Service Unavailable: SlowDown: be patient"),
            ("several\n  lines\n", "503 Service Unavailable: several lines"),
            ("", "503 Service Unavailable:"),
        ] {
            let cause = answered("503 Service Unavailable", body);
            assert_eq!(cause.to_string(), format!("Generic S3 error: {ANSWER}{told}"));
            assert_eq!(cause.status(), Some(503));
        }
        assert!(answered("500 Internal Server Error", &"x".repeat(9000)).to_string().chars().count() < 400);
    }

    #[test]
    fn what_is_denied_and_what_is_missing_is_told_by_status_and_code() {
        let coded = |code: &str| format!("<Error><Code>{code}</Code></Error>");
        assert!(answered("403 Forbidden", "").says_denied());
        assert!(answered("400 Bad Request", &coded("ExpiredToken")).says_denied());
        assert!(!answered("400 Bad Request", &coded("RequestTimeout")).says_denied());
        assert!(answered("404 Not Found", &coded("NoSuchBucket")).says_no_bucket());
        assert!(!answered("404 Not Found", &coded("NoSuchKey")).says_no_bucket());
        // A number in a key is no status.
        assert_eq!(Cause::of(generic("cannot get http://h:416/403")).status(), None);
    }

    #[test]
    fn the_innermost_cause_is_told() {
        #[derive(Debug)]
        struct Outer(io::Error);
        impl fmt::Display for Outer {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("error sending request")
            }
        }
        impl StdError for Outer {
            fn source(&self) -> Option<&(dyn StdError + 'static)> {
                Some(&self.0)
            }
        }
        let cause = Cause::of(generic(Outer(io::Error::other("connection refused"))));
        assert_eq!(cause.to_string(), "Generic S3 error: error sending request: connection refused");
    }
}
