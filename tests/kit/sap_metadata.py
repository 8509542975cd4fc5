"""Metadata documents of two small services with the same order, one of each version of OData."""

V2 = b"""<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx">
 <edmx:DataServices m:DataServiceVersion="2.0"
   xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata">
  <Schema Namespace="API_PO" xmlns="http://schemas.microsoft.com/ado/2008/09/edm">
   <EntityType Name="OrderType">
    <Key><PropertyRef Name="Order"/></Key>
    <Property Name="Order" Type="Edm.String" Nullable="false" MaxLength="10"/>
    <Property Name="Amount" Type="Edm.Decimal" Precision="34" Scale="3"/>
    <Property Name="TotalNetAmount" Type="Edm.Decimal" Precision="34" Scale="3"/>
    <Property Name="Count" Type="Edm.Int64"/>
    <Property Name="Rate" Type="Edm.Double"/>
    <Property Name="Days" Type="Edm.Int32"/>
    <Property Name="OrderedOn" Type="Edm.DateTime" Precision="0" sap:display-format="Date"
      xmlns:sap="http://www.sap.com/Protocols/SAPData"/>
    <Property Name="ChangedAt" Type="Edm.DateTimeOffset" Precision="3"/>
    <Property Name="ChangeTime" Type="Edm.Time"/>
    <Property Name="Price" Type="API_PO.Price"/>
    <NavigationProperty Name="to_Item" Relationship="API_PO.Items" FromRole="Order" ToRole="Item"/>
   </EntityType>
   <EntityType Name="ItemType">
    <Property Name="Item" Type="Edm.String" Nullable="false"/>
    <Property Name="NetAmount" Type="Edm.Decimal" Precision="16" Scale="2"/>
   </EntityType>
   <ComplexType Name="Price"><Property Name="Value" Type="Edm.Decimal" Scale="5"/></ComplexType>
   <Association Name="Items">
    <End Type="API_PO.OrderType" Multiplicity="1" Role="Order"/>
    <End Type="API_PO.ItemType" Multiplicity="*" Role="Item"/>
   </Association>
   <EntityContainer Name="Container" m:IsDefaultEntityContainer="true">
    <EntitySet Name="Orders" EntityType="API_PO.OrderType"/>
    <EntitySet Name="Copies" EntityType="API_PO.OrderType"/>
    <EntitySet Name="Items" EntityType="API_PO.ItemType"/>
    <FunctionImport Name="Total" ReturnType="Edm.Decimal" m:HttpMethod="GET"/>
    <FunctionImport Name="Release" ReturnType="API_PO.Price" m:HttpMethod="POST"/>
   </EntityContainer>
  </Schema>
 </edmx:DataServices>
</edmx:Edmx>
"""

V4 = b"""<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">
 <edmx:DataServices>
  <Schema Namespace="com.example.orders" Alias="SELF" xmlns="http://docs.oasis-open.org/odata/ns/edm">
   <TypeDefinition Name="Money" UnderlyingType="Edm.Decimal" Scale="3"/>
   <EntityType Name="Base" Abstract="true"><Property Name="Amount" Type="SELF.Money"/></EntityType>
   <EntityType Name="Order" BaseType="SELF.Base">
    <Key><PropertyRef Name="Id"/></Key>
    <Property Name="Id" Type="Edm.String" Nullable="false"/>
    <Property Name="Count" Type="Edm.Int64"/>
    <Property Name="Days" Type="Edm.Int32"/>
    <Property Name="ChangedAt" Type="Edm.DateTimeOffset" Precision="7"/>
    <Property Name="OrderedOn" Type="Edm.Date"/>
    <Property Name="Rates" Type="Collection(Edm.Decimal)" Scale="variable"/>
    <NavigationProperty Name="Items" Type="Collection(SELF.Item)"/>
    <NavigationProperty Name="Related" Type="Collection(SELF.Order)"/>
   </EntityType>
   <EntityType Name="Item"><Property Name="NetAmount" Type="Edm.Decimal" Scale="2"/></EntityType>
   <Action Name="Raise" IsBound="true">
    <Parameter Name="order" Type="SELF.Order"/>
    <Parameter Name="By" Type="Edm.Decimal" Scale="2"/>
    <ReturnType Type="SELF.Order"/>
   </Action>
   <Function Name="Sum"><ReturnType Type="Edm.Decimal" Scale="2"/></Function>
   <EntityContainer Name="Container">
    <EntitySet Name="Orders" EntityType="SELF.Order"/>
    <EntitySet Name="Copies" EntityType="SELF.Order"/>
    <Singleton Name="Me" Type="SELF.Order"/>
    <FunctionImport Name="Sum" Function="SELF.Sum"/>
   </EntityContainer>
  </Schema>
 </edmx:DataServices>
</edmx:Edmx>
"""
