"""One database of this process, handed from test to test and wiped between them: copying one takes far longer."""

import sqlalchemy as sa

from tests import databases

OURS = "relnamespace = 'public'::regnamespace"

SHAPE = sa.text(
    f"""
    select md5(concat_ws('|',
        (select string_agg(concat_ws(' ', relname, relacl, reloptions), ',' order by relname)
           from pg_class where {OURS}),
        (select string_agg(concat_ws(' ', tgrelid::regclass, tgname, tgenabled), ',' order by tgrelid, tgname)
           from pg_trigger where not tgisinternal),
        (select string_agg(concat_ws(' ', conrelid::regclass, conname), ',' order by conrelid, conname)
           from pg_constraint where conrelid <> 0),
        (select string_agg(concat_ws(' ', oid::regprocedure, md5(prosrc), proacl), ',' order by oid)
           from pg_proc where pronamespace = 'public'::regnamespace),
        (select string_agg(setconfig::text, ',') from pg_db_role_setting s
           join pg_database d on d.oid = s.setdatabase and d.datname = current_database())))
    """
)
"""What a migration makes, as one value."""

ALONE = sa.text(
    "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
    " where datname = current_database() and pid <> pg_backend_pid()"
)

EMPTY = sa.text(
    f"""
    do $$
    declare
        one record;
    begin
        set local lock_timeout = '10s';
        set local session_replication_role = replica;  -- no trigger and no foreign key has a say
        for one in
            select oid::regclass as name from pg_class
             where relkind = 'r' and {OURS} and pg_relation_size(oid) > 0 and relname <> 'alembic_version'
        loop
            execute format('delete from only %s', one.name);
        end loop;
        perform setval(oid::regclass, 1, false) from pg_class where relkind = 'S' and {OURS};
    end
    $$
    """
)

LARGE = sa.text(
    f"select oid::regclass::text from pg_class where relkind = 'r' and {OURS} and pg_relation_size(oid) > 262144"
)
"""Tables whose dead rows would slow down those who come after."""


class Slate:
    """Takes a copy when first asked, and a new one after a test that changed the schema."""

    def __init__(self, server: databases.Server, template: str) -> None:
        self.server, self.template = server, template
        self.name: str | None = None
        self.shape: str | None = None

    def take(self) -> str:
        """The database, as the migrations leave it."""
        if self.name is None:
            self.name = databases.copy(self.server, self.template)
            with databases.admin(self.server, self.name) as db:
                self.shape = db.scalar(SHAPE)
        return self.name

    def wipe(self) -> None:
        """Ends whoever is still connected and takes out every row."""
        if self.name is None:
            return
        with databases.admin(self.server, self.name) as db:
            db.execute(ALONE)
            whole = db.scalar(SHAPE) == self.shape
            if whole:
                db.execute(EMPTY)
                for table in db.scalars(LARGE).all():
                    db.execute(sa.text(f"vacuum {table}"))
        if not whole:
            self.drop()

    def drop(self) -> None:
        if self.name is not None:
            databases.drop(self.server, self.name)
            self.name = None
