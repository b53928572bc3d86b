using RenderFarm.Diffusion.Tests;
using RenderFarm.TestKit.Goldens;

[assembly: AssemblyFixture(typeof(GoldenCounts))]
[assembly: AssemblyFixture(typeof(LoadedModels))]
