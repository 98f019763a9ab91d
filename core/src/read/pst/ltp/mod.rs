//! The lists, tables and properties layer: heaps on nodes, B-trees on heaps, property contexts, table contexts ([MS-PST] 2.3).
//!
//! [MS-PST]: https://learn.microsoft.com/openspecs/office_file_formats/ms-pst/

mod btree_on_heap;
mod heap;
mod property_context;
mod table_context;
mod value;

pub(crate) use btree_on_heap::Cursor;
pub(crate) use property_context::PropertyContext;
pub(crate) use table_context::{Column, TableContext};
