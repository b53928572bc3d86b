using Npgsql;

namespace RenderFarm.Soak;

/// <summary>A table beside the farm's that a trigger of the database fills: each time that a frame gets a result, whoever gave it.</summary>
internal static class CommitLog
{
    /// <summary>Makes it, before the first job.</summary>
    public static Task CreateAsync(NpgsqlDataSource rows, CancellationToken cancellationToken) => ExecuteAsync(
        rows,
        """
        CREATE TABLE soak_commits (job_id uuid NOT NULL, index bigint NOT NULL, attempt_id uuid, at timestamptz NOT NULL DEFAULT clock_timestamp());
        CREATE FUNCTION soak_commit() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.state = 'Rendered' AND (TG_OP = 'INSERT' OR OLD.state <> 'Rendered' OR OLD.attempt_id IS DISTINCT FROM NEW.attempt_id) THEN
                INSERT INTO soak_commits VALUES (NEW.job_id, NEW.index, NEW.attempt_id);
            END IF;
            RETURN NULL;
        END $$;
        CREATE TRIGGER soak_commit AFTER INSERT OR UPDATE ON frames FOR EACH ROW EXECUTE FUNCTION soak_commit();
        """,
        cancellationToken);

    private static async Task ExecuteAsync(NpgsqlDataSource rows, string sql, CancellationToken cancellationToken)
    {
        await using var command = rows.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
