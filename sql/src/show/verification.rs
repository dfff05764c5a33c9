//! VERIFY: one row a finding, and one that sums up. CHECK: one row a check.

use cairn_repository::{StoreReport, VerifyReport};

use super::text::{Row, size};
use crate::error::Result;
use crate::outcome::Rows;

const COLUMNS: [&str; 3] = ["Object", "Problem", "Harms"];

pub(crate) fn verification(report: &VerifyReport) -> Result<Rows> {
    let finding = |finding: &cairn_repository::Finding| -> Row {
        let harms: Vec<String> = finding.harms.iter().map(ToString::to_string).collect();
        vec![Some(finding.key.clone()), Some(finding.problem.to_string()), Some(harms.join(", "))]
    };
    let mut rows: Vec<Row> = report.findings.iter().map(finding).collect();
    rows.push(vec![None, Some(summary(report)), None]);
    Rows::of_text(&COLUMNS, &rows)
}

pub(crate) fn store_checks(report: &StoreReport) -> Result<Rows> {
    let row = |check: &cairn_repository::StoreCheck| -> Row {
        vec![Some(check.check.to_owned()), Some(check.status.as_str().to_owned()), Some(check.detail.clone())]
    };
    let rows: Vec<Row> = report.checks.iter().map(row).collect();
    Rows::of_text(&["Check", "Status", "Detail"], &rows)
}

fn summary(report: &VerifyReport) -> String {
    let mut parts = vec![
        count(report.snapshots.len() as u64, "snapshot"),
        count(report.objects, "object"),
        format!("{} read and checked", size(report.bytes)),
    ];
    if report.remembered > 0 {
        parts.push(format!("{} verified before and not read again", report.remembered));
    }
    if report.left > 0 {
        parts.push(format!("{} left for the next run", report.left));
    }
    parts.push(match report.findings.len() {
        0 if report.left > 0 => "nothing is wrong in what was read".to_owned(),
        0 => "nothing is wrong".to_owned(),
        n => count(n as u64, "finding"),
    });
    if let Some(why) = &report.not_recorded {
        parts.push(format!("not recorded: {why}"));
    }
    parts.join(", ")
}

/// `1 object`, `2 objects`.
fn count(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
