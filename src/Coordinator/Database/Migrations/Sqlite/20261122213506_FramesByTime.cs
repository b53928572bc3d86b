using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace RenderFarm.Coordinator.Database.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class FramesByTime : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateIndex(
                name: "ix_frames_committed_at_state",
                table: "frames",
                columns: new[] { "committed_at", "state" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_frames_committed_at_state",
                table: "frames");
        }
    }
}
