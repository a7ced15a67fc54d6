"""Files of exports: how rows become JSON lines, CSV or Parquet, and where the files are kept."""
