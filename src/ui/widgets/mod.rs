//! The pieces every screen is made of: one table, one tree, one text field, one list of lines.

pub mod arranged;
pub mod aside;
pub mod field;
pub mod lines;
pub mod rows;
pub mod scroll;
pub mod table;
pub mod tabs;
pub mod tree;
