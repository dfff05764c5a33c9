//! Functions of JSON, which is text here, and the operator `->`.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array};
use datafusion::common::{DFSchema, Result, exec_datafusion_err};
use datafusion::logical_expr::ScalarUDF;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use serde::de::IgnoredAny;
use sqlparser::ast::BinaryOperator;

use super::json_path::JsonPath;
use super::scalar::{Arguments, Body, Kind, ScalarFunction, texts};

pub(super) const FUNCTIONS: &[Body] = &[
    Body { name: "parse_json", arguments: &[Kind::Text], returns: Kind::Text, compute: parse },
    QUERY,
    Body { name: "json_exists", arguments: PATH, returns: Kind::Boolean, compute: exists },
    Body { name: "get_json_string", arguments: PATH, returns: Kind::Text, compute: get_text },
    Body { name: "get_json_object", arguments: PATH, returns: Kind::Text, compute: get_text },
    Body { name: "get_json_int", arguments: PATH, returns: Kind::Whole, compute: get_whole },
    Body { name: "get_json_double", arguments: PATH, returns: Kind::Double, compute: get_double },
    Body { name: "get_json_bool", arguments: PATH, returns: Kind::Boolean, compute: get_boolean },
];

const QUERY: Body = Body { name: "json_query", arguments: PATH, returns: Kind::Text, compute: query };
const PATH: &[Kind] = &[Kind::Text, Kind::Text];

/// The text when it is JSON; null when it is not, as in StarRocks.
fn parse(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let is_json = |text: &&str| serde_json::from_str::<IgnoredAny>(text).is_ok();
    texts(arguments.texts(0).map(|text| Ok(text.filter(is_json))))
}

/// What `read` makes of the part of each document that its path leads to; null where there is none.
fn parts<T>(
    arguments: &Arguments<'_>,
    read: impl Fn(&str) -> Option<T>,
) -> impl Iterator<Item = Result<Option<T>>> {
    // Most calls have one path for all rows.
    let mut last: Option<(&str, JsonPath<'_>)> = None;
    arguments.texts(0).zip(arguments.texts(1)).map(move |pair| {
        let (Some(document), Some(path)) = pair else { return Ok(None) };
        if last.as_ref().is_none_or(|(text, _)| *text != path) {
            let parsed = JsonPath::parse(path);
            let parsed = parsed.ok_or_else(|| {
                exec_datafusion_err!(
                    "'{path}' is no path of JSON: write it like $.field[0].\"another field\""
                )
            })?;
            last = Some((path, parsed));
        }
        let found = last.as_ref().and_then(|(_, path)| path.find(document));
        Ok(found.and_then(|part| read(&part)))
    })
}

fn query(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    texts(parts(arguments, |part| Some(part.to_owned())))
}

fn exists(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let found = parts(arguments, |_| Some(true)).collect::<Result<BooleanArray>>()?;
    let documents = arguments.texts(0).zip(arguments.texts(1)).zip(found.iter());
    let found = documents.map(|((document, path), found)| {
        (document.is_some() && path.is_some()).then(|| found.unwrap_or(false))
    });
    Ok(Arc::new(found.collect::<BooleanArray>()))
}

/// The text of a JSON string, or `None` for another value.
fn string(part: &str) -> Option<String> {
    part.starts_with('"').then(|| serde_json::from_str(part).ok()).flatten()
}

/// A string without its quotes, anything else as it is written.
fn get_text(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let read = |part: &str| match part {
        "null" => None,
        part => string(part).or_else(|| Some(part.to_owned())),
    };
    texts(parts(arguments, read))
}

fn get_whole(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let read = |part: &str| {
        let text = string(part).unwrap_or_else(|| part.to_owned());
        #[expect(clippy::cast_possible_truncation, reason = "a fraction is cut off, and the range looked at")]
        let cut = |number: f64| (number.abs() < 9e18).then_some(number as i64);
        text.parse::<i64>().ok().or_else(|| text.parse::<f64>().ok().and_then(cut))
    };
    Ok(Arc::new(parts(arguments, read).collect::<Result<Int64Array>>()?))
}

fn get_double(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let read = |part: &str| string(part).unwrap_or_else(|| part.to_owned()).parse::<f64>().ok();
    Ok(Arc::new(parts(arguments, read).collect::<Result<Float64Array>>()?))
}

fn get_boolean(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    Ok(Arc::new(parts(arguments, |part| part.parse().ok()).collect::<Result<BooleanArray>>()?))
}

/// Plans `document -> path`.
#[derive(Debug)]
pub(super) struct Arrow;

impl ExprPlanner for Arrow {
    fn plan_binary_op(&self, expr: RawBinaryExpr, _: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        if expr.op != BinaryOperator::Arrow {
            return Ok(PlannerResult::Original(expr));
        }
        let query = ScalarUDF::from(ScalarFunction::new(QUERY));
        Ok(PlannerResult::Planned(query.call(vec![expr.left, expr.right])))
    }
}
