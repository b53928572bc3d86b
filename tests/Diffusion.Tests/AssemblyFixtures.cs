using RenderFarm.TestKit.Goldens;

[assembly: AssemblyFixture(typeof(GoldenCounts))]
