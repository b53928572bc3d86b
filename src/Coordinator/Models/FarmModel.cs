using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace RenderFarm.Coordinator.Models;

/// <summary>A model that jobs can ask for, as workers last reported it.</summary>
internal sealed class FarmModel
{
    public required string Name { get; init; }

    /// <summary>Null when every copy is broken.</summary>
    public string? Digest { get; set; }

    public string? Family { get; set; }

    public int DefaultWidth { get; set; }

    public int DefaultHeight { get; set; }

    /// <summary>Width and height are multiples of it.</summary>
    public int SizeMultiple { get; set; }

    public long Bytes { get; set; }

    public string? Problem { get; set; }

    public required DateTimeOffset UpdatedAt { get; set; }
}

internal sealed class FarmModelTable : IEntityTypeConfiguration<FarmModel>
{
    public void Configure(EntityTypeBuilder<FarmModel> builder)
    {
        builder.ToTable("models", table => table.HasCheckConstraint("ck_models_usable", "digest IS NOT NULL OR problem IS NOT NULL"));
        builder.HasKey(model => model.Name);
    }
}
