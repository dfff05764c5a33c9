//! Parts of JSON documents: `$.a[0]."b c"`.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// A path from a document to a part of it.
pub(super) struct JsonPath<'p>(Vec<Step<'p>>);

enum Step<'p> {
    /// The field of an object.
    Field(&'p str),
    /// An item of an array.
    Item(usize),
    /// Every item of an array.
    Items,
}

impl<'p> JsonPath<'p> {
    /// Reads a path; the `$` before it may be left out. `None` when it is none.
    pub(super) fn parse(text: &'p str) -> Option<Self> {
        let mut steps = Vec::new();
        let mut rest = text.trim();
        rest = match rest.strip_prefix('$') {
            Some(rest) => rest,
            None if rest.starts_with(['.', '[']) => rest,
            None => {
                let (step, rest) = field(rest)?;
                steps.push(step);
                rest
            }
        };
        while !rest.is_empty() {
            let step;
            (step, rest) = match rest.strip_prefix('.') {
                Some(rest) => field(rest)?,
                None => item(rest.strip_prefix('[')?)?,
            };
            steps.push(step);
        }
        Some(Self(steps))
    }

    /// The part of the document that the path leads to, as JSON.
    pub(super) fn find<'d>(&self, document: &'d str) -> Option<Cow<'d, str>> {
        let document: &RawValue = serde_json::from_str(document).ok()?;
        follow(&self.0, document.get())
    }
}

fn field(rest: &str) -> Option<(Step<'_>, &str)> {
    if let Some(quoted) = rest.strip_prefix('"') {
        let (name, rest) = quoted.split_once('"')?;
        return Some((Step::Field(name), rest));
    }
    let end = rest.find(['.', '[']).unwrap_or(rest.len());
    let (name, rest) = rest.split_at(end);
    (!name.is_empty()).then_some((Step::Field(name), rest))
}

fn item(rest: &str) -> Option<(Step<'_>, &str)> {
    let (number, rest) = rest.split_once(']')?;
    let step = match number.trim() {
        "*" => Step::Items,
        number => Step::Item(number.parse().ok()?),
    };
    Some((step, rest))
}

fn follow<'d>(steps: &[Step<'_>], part: &'d str) -> Option<Cow<'d, str>> {
    let Some((step, rest)) = steps.split_first() else { return Some(Cow::Borrowed(part)) };
    match step {
        Step::Field(name) => follow(rest, field_of(part, name)?.get()),
        Step::Item(at) => follow(rest, item_of(part, *at)?.get()),
        Step::Items => {
            let items: Vec<&'d RawValue> = serde_json::from_str(part).ok()?;
            let found: Vec<_> = items.into_iter().filter_map(|item| follow(rest, item.get())).collect();
            Some(Cow::Owned(format!("[{}]", found.join(", "))))
        }
    }
}

/// The last field of the name that an object has, without a look at what the others hold.
fn field_of<'d>(object: &'d str, name: &str) -> Option<&'d RawValue> {
    struct Field<'n>(&'n str);
    impl<'de> Visitor<'de> for Field<'_> {
        type Value = Option<&'de RawValue>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut found = None;
            while let Some(is_named) = map.next_key_seed(Is(self.0))? {
                if is_named {
                    found = Some(map.next_value()?);
                } else {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            Ok(found)
        }
    }
    serde_json::Deserializer::from_str(object).deserialize_map(Field(name)).ok()?
}

/// Whether a key is this name.
struct Is<'n>(&'n str);

impl<'de> DeserializeSeed<'de> for Is<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Is<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.0)
    }
}

/// The item at a place of an array.
fn item_of(array: &str, at: usize) -> Option<&RawValue> {
    struct Item(usize);
    impl<'de> Visitor<'de> for Item {
        type Value = Option<&'de RawValue>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an array")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
            for _ in 0..self.0 {
                if items.next_element::<IgnoredAny>()?.is_none() {
                    return Ok(None);
                }
            }
            let found = items.next_element()?;
            while items.next_element::<IgnoredAny>()?.is_some() {}
            Ok(found)
        }
    }
    serde_json::Deserializer::from_str(array).deserialize_seq(Item(at)).ok()?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_a_part() {
        let document = r#"{"a": {"b": [1, {"c d": "x"}, 12345678901234567890123]}, "e": null, "a.b": 7}"#;
        let cases = [
            ("$", Some(document)),
            ("$.a.b[0]", Some("1")),
            ("a.b[2]", Some("12345678901234567890123")),
            (".a.b[1].\"c d\"", Some("\"x\"")),
            ("$.\"a.b\"", Some("7")),
            ("$.e", Some("null")),
            ("$.a.b[*]", Some("[1, {\"c d\": \"x\"}, 12345678901234567890123]")),
            ("$.a.b[3]", None),
            ("$.a.x", None),
            ("$.e.x", None),
            ("$.a[0]", None),
            ("$.a.b.c", None),
            ("$.\"\"", None),
        ];
        for (path, expected) in cases {
            assert_eq!(JsonPath::parse(path).unwrap().find(document).as_deref(), expected, "{path}");
        }
        assert_eq!(
            JsonPath::parse("$[*].a").unwrap().find(r#"[{"a":1},{"b":2},{"a":3}]"#).as_deref(),
            Some("[1, 3]")
        );
        assert!(JsonPath::parse("$").unwrap().find("{x").is_none());
        // Of equal names the last counts; names may be written with escapes.
        let twice = r#"{"a":1,"b":{"a":9},"\u0061":2}"#;
        assert_eq!(JsonPath::parse("a").unwrap().find(twice).as_deref(), Some("2"));
        for wrong in ["$.", "$[", "$[x]", "$a", "", "$.a..b", "$[-1]"] {
            assert!(JsonPath::parse(wrong).is_none(), "{wrong}");
        }
    }
}
