using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace RenderFarm.Coordinator.Database;

/// <summary>Who leads, in one row: its epoch grows with every leader, so that what an earlier one still does can be told apart.</summary>
internal sealed class Leadership
{
    public const short OnlyId = 1;

    public short Id { get; init; } = OnlyId;

    public required long Epoch { get; set; }

    public required string Holder { get; set; }

    public required DateTimeOffset Since { get; set; }
}

internal sealed class LeadershipTable : IEntityTypeConfiguration<Leadership>
{
    public void Configure(EntityTypeBuilder<Leadership> builder)
    {
        builder.ToTable("leadership", table => table.HasCheckConstraint("ck_leadership_one", "id = 1"));
        builder.HasKey(leadership => leadership.Id);
        builder.Property(leadership => leadership.Id).ValueGeneratedNever();
    }
}
