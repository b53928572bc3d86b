using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace RenderFarm.Coordinator.Database.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Faults : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropCheckConstraint(
                name: "ck_jobs_counters",
                table: "jobs");

            migrationBuilder.DropCheckConstraint(
                name: "ck_frames_settled",
                table: "frames");

            migrationBuilder.AddColumn<string>(
                name: "drain_reason",
                table: "workers",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "slot_status",
                table: "workers",
                type: "TEXT",
                nullable: false,
                defaultValueSql: "'[]'");

            migrationBuilder.AddColumn<long>(
                name: "spool_bytes",
                table: "workers",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.AddColumn<bool>(
                name: "store_is_away",
                table: "workers",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<bool>(
                name: "alone",
                table: "spans",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<string>(
                name: "tried_workers",
                table: "spans",
                type: "TEXT",
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<bool>(
                name: "alone",
                table: "leases",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<string>(
                name: "tried_workers",
                table: "leases",
                type: "TEXT",
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<long>(
                name: "quarantined",
                table: "jobs",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.AddColumn<TimeSpan>(
                name: "retain_for",
                table: "jobs",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "evidence",
                table: "attempts",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "refused",
                table: "attempts",
                type: "TEXT",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "incidents",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "TEXT", nullable: false),
                    kind = table.Column<string>(type: "TEXT", nullable: false),
                    started_at = table.Column<long>(type: "INTEGER", nullable: false),
                    ended_at = table.Column<long>(type: "INTEGER", nullable: true),
                    message = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_incidents", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "leadership",
                columns: table => new
                {
                    id = table.Column<short>(type: "INTEGER", nullable: false),
                    epoch = table.Column<long>(type: "INTEGER", nullable: false),
                    holder = table.Column<string>(type: "TEXT", nullable: false),
                    since = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_leadership", x => x.id);
                    table.CheckConstraint("ck_leadership_one", "id = 1");
                });

            migrationBuilder.CreateTable(
                name: "strikes",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "TEXT", nullable: false),
                    worker = table.Column<string>(type: "TEXT", nullable: false),
                    worker_epoch = table.Column<long>(type: "INTEGER", nullable: false),
                    job_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    model = table.Column<string>(type: "TEXT", nullable: false),
                    attempt_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    error_class = table.Column<string>(type: "TEXT", nullable: false),
                    at = table.Column<long>(type: "INTEGER", nullable: false),
                    is_void = table.Column<bool>(type: "INTEGER", nullable: false, defaultValue: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_strikes", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "worker_blocks",
                columns: table => new
                {
                    worker = table.Column<string>(type: "TEXT", nullable: false),
                    scope = table.Column<string>(type: "TEXT", nullable: false),
                    target = table.Column<string>(type: "TEXT", nullable: false),
                    reason = table.Column<string>(type: "TEXT", nullable: false),
                    since = table.Column<long>(type: "INTEGER", nullable: false),
                    until = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_worker_blocks", x => new { x.worker, x.scope, x.target });
                });

            migrationBuilder.CreateIndex(
                name: "ix_jobs_finished_at",
                table: "jobs",
                column: "finished_at",
                filter: "finished_at IS NOT NULL");

            migrationBuilder.AddCheckConstraint(
                name: "ck_jobs_counters",
                table: "jobs",
                sql: "rendered >= 0 AND failed >= 0 AND cancelled >= 0 AND quarantined >= 0 AND rendered + failed + cancelled + quarantined <= frame_count");

            migrationBuilder.CreateIndex(
                name: "ix_frames_quarantined",
                table: "frames",
                column: "job_id",
                filter: "state = 'Quarantined'");

            migrationBuilder.AddCheckConstraint(
                name: "ck_frames_settled",
                table: "frames",
                sql: "(state = 'Rendered' AND artifact_key IS NOT NULL AND sha256 IS NOT NULL AND error IS NULL) OR (state IN ('Failed', 'Quarantined') AND artifact_key IS NULL AND error IS NOT NULL)");

            migrationBuilder.CreateIndex(
                name: "ix_incidents_started_at",
                table: "incidents",
                column: "started_at");

            migrationBuilder.CreateIndex(
                name: "ix_strikes_at",
                table: "strikes",
                column: "at");

            migrationBuilder.CreateIndex(
                name: "ix_strikes_attempt_id",
                table: "strikes",
                column: "attempt_id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_strikes_worker_at",
                table: "strikes",
                columns: new[] { "worker", "at" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "incidents");

            migrationBuilder.DropTable(
                name: "leadership");

            migrationBuilder.DropTable(
                name: "strikes");

            migrationBuilder.DropTable(
                name: "worker_blocks");

            migrationBuilder.DropIndex(
                name: "ix_jobs_finished_at",
                table: "jobs");

            migrationBuilder.DropCheckConstraint(
                name: "ck_jobs_counters",
                table: "jobs");

            migrationBuilder.DropIndex(
                name: "ix_frames_quarantined",
                table: "frames");

            migrationBuilder.DropCheckConstraint(
                name: "ck_frames_settled",
                table: "frames");

            migrationBuilder.DropColumn(
                name: "drain_reason",
                table: "workers");

            migrationBuilder.DropColumn(
                name: "slot_status",
                table: "workers");

            migrationBuilder.DropColumn(
                name: "spool_bytes",
                table: "workers");

            migrationBuilder.DropColumn(
                name: "store_is_away",
                table: "workers");

            migrationBuilder.DropColumn(
                name: "alone",
                table: "spans");

            migrationBuilder.DropColumn(
                name: "tried_workers",
                table: "spans");

            migrationBuilder.DropColumn(
                name: "alone",
                table: "leases");

            migrationBuilder.DropColumn(
                name: "tried_workers",
                table: "leases");

            migrationBuilder.DropColumn(
                name: "quarantined",
                table: "jobs");

            migrationBuilder.DropColumn(
                name: "retain_for",
                table: "jobs");

            migrationBuilder.DropColumn(
                name: "evidence",
                table: "attempts");

            migrationBuilder.DropColumn(
                name: "refused",
                table: "attempts");

            migrationBuilder.AddCheckConstraint(
                name: "ck_jobs_counters",
                table: "jobs",
                sql: "rendered >= 0 AND failed >= 0 AND cancelled >= 0 AND rendered + failed + cancelled <= frame_count");

            migrationBuilder.AddCheckConstraint(
                name: "ck_frames_settled",
                table: "frames",
                sql: "(state = 'Rendered' AND artifact_key IS NOT NULL AND sha256 IS NOT NULL AND error IS NULL) OR (state = 'Failed' AND artifact_key IS NULL AND error IS NOT NULL)");
        }
    }
}
