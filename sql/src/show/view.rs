//! Views.

use cairn_engine::View;
use cairn_format::{DatabaseName, create_view_statement};

use crate::error::Result;
use crate::outcome::Rows;

/// StarRocks' columns; the last two are what clients of `MySQL` want to see.
pub(crate) fn create_view(view: &View, database: &DatabaseName) -> Result<Rows> {
    let row = [
        view.definition.name.to_string(),
        create_view_statement(&view.definition, database),
        "utf8".to_owned(),
        "utf8_general_ci".to_owned(),
    ];
    let columns = ["View", "Create View", "character_set_client", "collation_connection"];
    Rows::of_text(&columns, &[row.map(Some).to_vec()])
}
