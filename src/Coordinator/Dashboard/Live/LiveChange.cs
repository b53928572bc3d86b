namespace RenderFarm.Coordinator.Dashboard.Live;

/// <summary>What a page has to look at again.</summary>
public enum LiveChange
{
    /// <summary>Only how far running batches are; the database says nothing new.</summary>
    Steps,

    /// <summary>Rows of the database.</summary>
    Data,
}
