-- A year ahead; a daily job keeps it so.
select create_partitions(12);
