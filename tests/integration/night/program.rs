//! Whole nights of the program.
