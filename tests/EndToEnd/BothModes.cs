using RenderFarm.TestKit.Farms;

namespace RenderFarm.EndToEnd;

/// <summary>Data of a theory that runs on the embedded farm and on real servers.</summary>
public static class BothModes
{
    public static TheoryData<FarmMode> All => [FarmMode.Embedded, FarmMode.Servers];
}
