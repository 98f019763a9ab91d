//! The loop from readers to a writer, its item log and its report.
